package config

import (
	"flag"
	"os"
	"reflect"
	"regexp"
	"testing"
)

var update = flag.Bool("update", false, "write docs/configuration.md")

const referenceFile = "../../docs/configuration.md"

func TestReferenceInDocsIsFresh(t *testing.T) {
	want := ReferenceMarkdown()
	if *update {
		if err := os.WriteFile(referenceFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/configuration.md is stale; run: go test ./host/config -run Reference -update")
	}
}

// secondComponent stands for what the examples of the reference refer to.
const secondComponent = "\n[[component]]\nname = \"store\"\ncommand = [\"./store\"]\n"

func TestReferenceWithoutItsMarksIsAValidConfiguration(t *testing.T) {
	text := regexp.MustCompile(`(?m)^#(\S)`).ReplaceAllString(ReferenceTOML(), "$1")
	for _, problem := range problemsOf(t, text+secondComponent, rootHost()) {
		t.Error(problem)
	}
}

func TestShownSettingsAreReadBackTheSame(t *testing.T) {
	want := mustParse(t, fullText)
	text, err := want.TOML()
	if err != nil {
		t.Fatal(err)
	}
	got := mustParse(t, text)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v\ntext:\n%s", got, want, text)
	}
}

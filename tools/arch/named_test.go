package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inlineCode = regexp.MustCompile("`([a-z][a-z0-9/{},-]*)`")
	braced     = regexp.MustCompile(`^([^{}]*)\{([^{}]*)\}$`)
)

// namedPackages reads the list under "Every package" of a page: folders in backticks,
// in which braces hold what lies in a folder.
func namedPackages(page string) map[string]bool {
	_, list, _ := strings.Cut(page, "\n## Every package\n")
	list, _, _ = strings.Cut(list, "\n## ")
	named := map[string]bool{}
	for _, code := range inlineCode.FindAllStringSubmatch(list, -1) {
		parts := braced.FindStringSubmatch(code[1])
		switch {
		case parts != nil:
			for one := range strings.SplitSeq(parts[2], ",") {
				named[parts[1]+one] = true
			}
		case code[1] == "sdk" || code[1] == "sandbox" || strings.Contains(code[1], "/"):
			named[code[1]] = true
		}
	}
	return named
}

func TestArchitectureNamesEveryPackage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := namedPackages(string(page))
	for _, p := range listPackages(t, "./...") {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		if !named[path] {
			t.Errorf("docs/ARCHITECTURE.md does not name `%s` under \"Every package\"", path)
		}
		delete(named, path)
	}
	for path := range named {
		t.Errorf("docs/ARCHITECTURE.md names `%s` under \"Every package\", and there is no such package", path)
	}
}

func TestNamedPackagesAreReadFromTheListAlone(t *testing.T) {
	got := namedPackages("`host/a`\n## Every package\n- `host/b`, `host/c/{d,e/f}`; `plain` words, `sdk`\n\n## More\n`host/g`\n")
	for _, want := range []string{"host/b", "host/c/d", "host/c/e/f", "sdk"} {
		if !got[want] {
			t.Errorf("%s is not among %v", want, got)
		}
	}
	if len(got) != 4 {
		t.Errorf("got %v, want four", got)
	}
}

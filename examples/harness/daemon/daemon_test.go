package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/harness/victim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConfigurationNamesEveryVictim(t *testing.T) {
	dir := t.TempDir()
	store, err := victim.New(victim.Options{Name: "store", Dir: dir, Program: `/a "quoted" path/shop-store`})
	if err != nil {
		t.Fatal(err)
	}
	web, err := victim.New(victim.Options{Name: "web", Dir: dir, Program: "/shop-web", Store: store})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Component []struct {
			Name, Scrape string
			Command      []string
			DependsOn    []string `toml:"depends_on"`
			Probe        []struct{ Type, URL string }
		}
	}
	if _, err := toml.Decode(configuration(Options{Dir: dir, Victims: []*victim.Victim{store, web}}), &got); err != nil {
		t.Fatalf("the configuration is no TOML: %v", err)
	}
	if len(got.Component) != 2 {
		t.Fatalf("components: got %d, want 2", len(got.Component))
	}
	s, w := got.Component[0], got.Component[1]
	if s.Command[0] != store.Program || s.Probe[0].URL != store.Health() || len(s.DependsOn) != 0 {
		t.Errorf("store: got %+v, want program %s, probe %s and no dependency", s, store.Program, store.Health())
	}
	if w.Name != "web" || len(w.DependsOn) != 1 || w.DependsOn[0] != "store" {
		t.Errorf("web: got %+v, want a dependency on store", w)
	}
}

func TestDaemonThatEndsAtOnceIsShownWithItsLastWords(t *testing.T) {
	bin := t.TempDir()
	script := "#!/bin/sh\necho no socket today >&2\nexit 3\n"
	if err := os.WriteFile(filepath.Join(bin, "homeostat"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Bin: bin, Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "no socket today") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("start: got %v, want an error with exit status and last words", err)
	}
}

func TestMissingProgramIsNamed(t *testing.T) {
	bin := t.TempDir()
	if _, err := Start(t.Context(), Options{Bin: bin, Dir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), bin) {
		t.Errorf("start: got %v, want an error that names the program", err)
	}
}

func TestActionReadsAsASentence(t *testing.T) {
	a := Action{Kind: "restart"}
	a.Args.Component = "web"
	if got := a.String(); got != "restart web" {
		t.Errorf("got %q, want restart web", got)
	}
	if got := (Action{Kind: "wait"}).String(); got != "wait" {
		t.Errorf("got %q, want wait", got)
	}
}

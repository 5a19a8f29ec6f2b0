package story

import (
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/demo/scenario"
	"github.com/homeostat/homeostat/examples/harness/daemon"
	"github.com/homeostat/homeostat/examples/harness/victim"
	"github.com/homeostat/homeostat/examples/shop/service"
	"github.com/homeostat/homeostat/examples/shop/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStoriesAreTakenOutOfTheNames(t *testing.T) {
	if got, others := Choose(""); len(got) != len(all) || others != "" {
		t.Errorf("all: got %d and %q, want %d", len(got), others, len(all))
	}
	got, others := Choose("crash,overload,hang,learning")
	if len(got) != 2 || got[0].Name != "overload" || got[1].Name != "learning" || others != "crash,hang" {
		t.Errorf("got %+v and %q, want overload and learning, and the faults", got, others)
	}
}

func TestEveryStoryIsDeclaredWithItsRootAndSettings(t *testing.T) {
	for _, s := range all {
		v, err := victim.New(victim.Options{Name: s.Name, Dir: t.TempDir(), Program: `/a "quoted" path/shop-store`, Server: s.server})
		if err != nil {
			t.Fatal(err)
		}
		program := store.NewProgram()
		if err := service.Load(v.SettingsFile(), program.Defaults()); err != nil {
			t.Errorf("%s: its service's settings: %v", s.Name, err)
		}
		var b strings.Builder
		b.WriteString(settings)
		declare(&b, s, v)
		var got struct {
			Component []struct {
				Name, Mode string
				Parameter  []struct{ File string }
			}
			Root []struct{ Path, Component string }
		}
		if _, err := toml.Decode(b.String(), &got); err != nil {
			t.Fatalf("%s: %v in\n%s", s.Name, err, b.String())
		}
		if len(got.Component) != 1 || got.Component[0].Name != s.Name || len(got.Root) != 1 || got.Root[0].Path != v.Folder() {
			t.Errorf("%s: got %+v", s.Name, got)
		}
		if s.Name == "overload" && got.Component[0].Parameter[0].File != v.SettingsFile() {
			t.Errorf("overload: got %+v, want its workers in %s", got.Component[0], v.SettingsFile())
		}
	}
}

func TestFirstAnomalyOfTheStoryCounts(t *testing.T) {
	now := time.Now()
	l := scenario.Line{Injected: now}
	told := teller{victim: &victim.Victim{Options: victim.Options{Name: "overload"}}}
	for _, a := range []daemon.Anomaly{
		{Component: "overload", Kind: "late", FirstSeen: now.Add(time.Minute)},
		{Component: "other", Kind: "other", FirstSeen: now.Add(time.Millisecond)},
		{Component: "overload", Kind: "first", Summary: "they wait", FirstSeen: now.Add(time.Second)},
	} {
		told.see(&l, a)
	}
	if l.SeenAfter == nil || *l.SeenAfter != time.Second || l.Seen != "first: they wait" {
		t.Errorf("got %v %q, want 1s and first: they wait", l.SeenAfter, l.Seen)
	}
}

package parameters_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/app/parameters"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// declared is a web process with one parameter of each type, and a store whose file lies in the root of the web process.
const declared = `
[[component]]
name = "web"
command = ["./web"]
dir = %[1]q
[[component.parameter]]
name = "workers"
type = "int"
min = 1
max = 64
default = 8
max_step = 8
file = "web.toml"
key = "server.workers"
[[component.parameter]]
name = "buffer"
type = "log_int"
min = 16
max = 4096
default = 256
max_step = 2
file = "web.toml"
key = "server.buffer"
[[component.parameter]]
name = "ratio"
type = "float"
min = 0
max = 1
default = 0.5
max_step = 0.1
file = "web.toml"
key = "ratio"
[[component.parameter]]
name = "fast"
type = "bool"
default = true
file = "web.toml"
key = "fast"
[[component.parameter]]
name = "cache"
type = "choice"
choices = ["on", "off"]
default = "on"
file = "other.ini"
key = "cache"
[[component.forbid]]
all = ["workers > 12", "cache = off"]
reason = "the store would drown"

[[component]]
name = "store"
command = ["./store"]
dir = %[1]q
[[component.parameter]]
name = "threads"
type = "int"
min = 1
max = 9
default = 1
file = "web.toml"
key = "server.workers"
[[component.parameter]]
name = "far"
type = "int"
min = 1
max = 9
default = 1
file = "/nowhere/x.toml"
key = "x"

[[root]]
name = "shop"
path = %[1]q
component = "web"
`

const webText = "# the web process\nratio = 0.5\nfast = true\n[server]\nworkers = 8 # not too many\nbuffer = 256\n"

// files are those of one folder.
type files string

func (f files) Current(_, path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), path))
}

// book returns one over a scratch folder, and the folder.
func book(t *testing.T) (parameters.Book, string) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "web.toml", webText)
	write(t, dir, "other.ini", "cache = on\n")
	settings, err := config.Parse(fmt.Appendf(nil, declared, dir), filepath.Join(dir, "config.toml"), config.Host{Root: true})
	if err != nil {
		t.Fatal(err)
	}
	return parameters.Book{
		Files:    func() parameters.Files { return files(dir) },
		Settings: func() *config.Settings { return settings },
	}, dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func number(n float64) sdk.Value { return sdk.Value{Number: n} }

func set(values map[string]sdk.Value) sdk.SetParameters {
	return sdk.SetParameters{Component: "web", Values: values}
}

func TestPresentValuesAreReadFromTheirFiles(t *testing.T) {
	b, dir := book(t)
	list, err := b.List("web")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]sdk.Value{"workers": number(8), "buffer": number(256), "ratio": number(0.5), "fast": number(1), "cache": {Choice: "on"}}
	for _, p := range list {
		if p.Problem != "" || p.Value != want[p.Name] || p.Root != "shop" || filepath.Dir(p.File) != dir {
			t.Errorf("%s: got %+v, want %v in root shop", p.Name, p, want[p.Name])
		}
	}
	if movable, forbidden := b.Movable("web"); len(movable) != len(want) || len(forbidden) != 1 {
		t.Errorf("got %d movable and %d forbidden, want %d and 1", len(movable), len(forbidden), len(want))
	}
}

func TestAllowedMoveIsTheEditOfItsFilesAndOfNothingElse(t *testing.T) {
	b, _ := book(t)
	c, err := b.Edits(set(map[string]sdk.Value{"workers": number(16), "buffer": number(128), "fast": number(0), "ratio": number(0.6), "cache": {Choice: "on"}}))
	if err != nil {
		t.Fatal(err)
	}
	if c.Root != "shop" || len(c.Edits) != 2 || c.Edits[0].Path != "other.ini" || c.Edits[1].Base == "" {
		t.Fatalf("got %+v, want edits of both files of root shop with their bases", c)
	}
	want := "# the web process\nratio = 0.6\nfast = false\n[server]\nworkers = 16 # not too many\nbuffer = 128\n"
	if got := string(c.Edits[1].Content); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMovesThatAreNotAllowedAreRefusedWithTheReason(t *testing.T) {
	b, _ := book(t)
	cases := map[string]struct {
		values map[string]sdk.Value
		want   string
	}{
		"above the bounds":   {map[string]sdk.Value{"workers": number(65)}, "workers: 65 is outside 1 to 64"},
		"below the bounds":   {map[string]sdk.Value{"workers": number(0)}, "workers: 0 is outside 1 to 64"},
		"not a number":       {map[string]sdk.Value{"workers": number(math.NaN())}, "workers: NaN is outside 1 to 64"},
		"infinite":           {map[string]sdk.Value{"ratio": number(math.Inf(1))}, "ratio: +Inf is outside 0 to 1"},
		"too large a step":   {map[string]sdk.Value{"workers": number(17)}, "workers: from 8 to 17 is more than the step of 8 that is allowed at once"},
		"too large a factor": {map[string]sdk.Value{"buffer": number(100)}, "buffer: from 256 to 100 is more than the step of 2 that is allowed at once"},
		"a fraction":         {map[string]sdk.Value{"workers": number(8.5)}, "workers: 8.5 is no whole number"},
		"unknown":            {map[string]sdk.Value{"worker": number(8)}, `parameter "worker" of web is not declared; declared are: buffer, cache, fast, ratio, workers`},
		"text for a number":  {map[string]sdk.Value{"workers": {Choice: "many"}}, `workers: the text "many" is no value of type int`},
		"number for a text":  {map[string]sdk.Value{"cache": number(1)}, `cache: "1" is none of [on off]`},
		"unknown choice":     {map[string]sdk.Value{"cache": {Choice: "maybe"}}, `cache: "maybe" is none of [on off]`},
		"half a truth":       {map[string]sdk.Value{"fast": number(0.5)}, "fast: 0.5 is neither 0 nor 1, which stand for false and true"},
		"forbidden":          {map[string]sdk.Value{"workers": number(13), "cache": {Choice: "off"}}, "the combination workers > 12 and cache = off is forbidden: the store would drown"},
		"as it is":           {map[string]sdk.Value{"workers": number(8)}, "all parameters have these values already"},
	}
	for name, c := range cases {
		if _, err := b.Edits(set(c.values)); err == nil || err.Error() != c.want {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, c.want)
		}
	}
	if _, err := b.Edits(sdk.SetParameters{Component: "wob", Values: map[string]sdk.Value{"a": number(1)}}); err == nil || !strings.Contains(err.Error(), `no component "wob"`) {
		t.Errorf("unknown component: got %v", err)
	}
}

func TestCombinationWithAPresentValueIsForbiddenToo(t *testing.T) {
	b, dir := book(t)
	write(t, dir, "other.ini", "cache = off\n")
	if _, err := b.Edits(set(map[string]sdk.Value{"workers": number(13)})); err == nil || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("the cache is off already: got %v, want a refusal", err)
	}
	write(t, dir, "other.ini", "")
	if _, err := b.Edits(set(map[string]sdk.Value{"workers": number(13)})); err == nil || !strings.Contains(err.Error(), "depends on cache") {
		t.Errorf("nobody knows of the cache: got %v, want to be told so", err)
	}
}

func TestValueOutsideItsBoundsMayComeBackWithinThem(t *testing.T) {
	b, dir := book(t)
	write(t, dir, "web.toml", strings.Replace(webText, "workers = 8 ", "workers = 200 ", 1))
	if _, err := b.Edits(set(map[string]sdk.Value{"workers": number(60)})); err != nil {
		t.Errorf("from 200 to 60, with bounds to 64 and steps of 8: got %v", err)
	}
	if _, err := b.Edits(set(map[string]sdk.Value{"workers": number(50)})); err == nil {
		t.Error("from 200 to 50: got no error, want a step that is too large")
	}
}

func TestFilesThatCannotBeReadAreNamed(t *testing.T) {
	b, dir := book(t)
	for text, want := range map[string]string{
		"ratio = 0.5\n":                      "server.workers: the file has no such key",
		"[server]\nworkers = \"many\"\n":     `its present value "many" is no number`,
		"[server]\nworkers = 1\nworkers=2\n": "not readable as toml",
	} {
		write(t, dir, "web.toml", text)
		_, err := b.Edits(set(map[string]sdk.Value{"workers": number(9)}))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "web.toml") {
			t.Errorf("text %q: got %v, want %s and the file's name", text, err, want)
		}
	}
	if err := os.Remove(filepath.Join(dir, "web.toml")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Edits(set(map[string]sdk.Value{"workers": number(9)})); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: got %v", err)
	}
	list, err := b.List("web")
	if err != nil || !strings.Contains(list[0].Problem, "no such file") || list[4].Problem != "" {
		t.Errorf("missing file: got %+v, %v, want a problem of what it held, and of nothing else", list, err)
	}
	if movable, _ := b.Movable("web"); len(movable) != 1 || movable[0].Name != "cache" {
		t.Errorf("movable: got %+v, want the cache alone", movable)
	}
}

func TestFilesThatNobodyWouldReadAgainAreNotTouched(t *testing.T) {
	b, _ := book(t)
	list, err := b.List("store")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"does not belong to store", "lies in no declared root"} {
		if !strings.Contains(list[i].Problem, want) {
			t.Errorf("%s: got %q, want %q", list[i].Name, list[i].Problem, want)
		}
		s := sdk.SetParameters{Component: "store", Values: map[string]sdk.Value{list[i].Name: number(9)}}
		if _, err := b.Edits(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", list[i].Name, err, want)
		}
	}
}

// TestWhateverIsAskedForNothingOutsideTheDeclarationIsWritten asks with hostile values and reads what would be written.
func TestWhateverIsAskedForNothingOutsideTheDeclarationIsWritten(t *testing.T) {
	b, dir := book(t)
	rapid.Check(t, func(r *rapid.T) {
		any := rapid.OneOf(rapid.Float64(), rapid.Float64Range(-2, 130), rapid.Just(math.NaN()), rapid.Map(rapid.IntRange(-1, 70), func(n int) float64 { return float64(n) }))
		values := map[string]sdk.Value{}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"workers", "buffer", "ratio", "fast", "cache", "x"}), 1, 4).Draw(r, "names") {
			values[name] = sdk.Value{Number: any.Draw(r, name), Choice: rapid.SampledFrom([]string{"", "", "off", "on\nx = 1"}).Draw(r, name+"?")}
		}
		c, err := b.Edits(set(values))
		if err != nil {
			return
		}
		trial := t.TempDir()
		write(t, trial, "web.toml", webText)
		write(t, trial, "other.ini", "cache = on\n")
		for _, e := range c.Edits {
			write(t, trial, e.Path, string(e.Content))
		}
		after := parameters.Book{Files: func() parameters.Files { return files(trial) }, Settings: b.Settings}
		list, err := after.List("web")
		if err != nil {
			r.Fatal(err)
		}
		checkAll(r, list, values)
	})
	if text, err := os.ReadFile(filepath.Join(dir, "web.toml")); err != nil || string(text) != webText {
		t.Errorf("the file was touched: %s, %v", text, err)
	}
}

// checkAll holds present values to the declaration, and to what was asked for.
func checkAll(t *rapid.T, list []parameters.Present, asked map[string]sdk.Value) {
	now := map[string]sdk.Value{}
	for _, p := range list {
		now[p.Name] = p.Value
		if want, ok := asked[p.Name]; p.Problem != "" || ok && p.Value != want {
			t.Fatalf("%s: got %+v, want %v", p.Name, p, want)
		}
		if p.Type != sdk.TypeChoice && !(p.Value.Number >= p.Min && p.Value.Number <= p.Max) {
			t.Fatalf("%s: %v is outside its bounds", p.Name, p.Value)
		}
	}
	if w := now["workers"].Number; w > 16 || w > 12 && now["cache"].Choice == "off" {
		t.Fatalf("got %v workers with the cache %s: too large a step, or forbidden", w, now["cache"].Choice)
	}
}

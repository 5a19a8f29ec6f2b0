package settings

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// full uses every shape that a configuration can have.
type full struct {
	Signal   string             `homeostat:"signal,required" doc:"The signal."`
	Above    float64            `homeostat:"above,default=90,min=0,max=100" doc:"The limit."`
	Count    int                `homeostat:",default=3,min=1" doc:"How many."`
	Port     uint16             `homeostat:",default=80" doc:"A port."`
	On       bool               `homeostat:",default=true" doc:"Whether."`
	Holds    time.Duration      `homeostat:"holds,default=30s,min=1s,max=1h" doc:"How long."`
	Mode     string             `homeostat:",default=mean,choices=mean|max" doc:"How joined."`
	Severity sdk.Severity       `homeostat:",default=low" doc:"How bad."`
	Names    []string           `homeostat:",default=a|b" doc:"Names."`
	Weights  map[string]float64 `homeostat:",min=0" doc:"Weights."`
	Inner    inner              `doc:"A table."`
	Limits   []limit            `homeostat:"limits" doc:"Tables."`
	ByName   map[string]limit   `doc:"Named tables."`
	hidden   int
}

type inner struct {
	HTTPPort int `homeostat:",default=9" doc:"A port."`
}

type limit struct {
	Above float64       `homeostat:"above,required,max=10" doc:"The limit."`
	For   time.Duration `homeostat:"for,default=5s" doc:"How long."`
}

func TestDefaultsAndValuesAreDecoded(t *testing.T) {
	var got full
	problems := Decode([]byte(`
signal = "cpu"
count = 7
weights = { x = 1, y = 2.5 }
[[limits]]
above = 1.5
[[limits]]
above = 2
for = "1m"
[by_name.a]
above = 3
`), &got)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := full{
		Signal: "cpu", Above: 90, Count: 7, Port: 80, On: true, Holds: 30 * time.Second, Mode: "mean",
		Severity: sdk.SeverityLow, Names: []string{"a", "b"}, Weights: map[string]float64{"x": 1, "y": 2.5},
		Inner:  inner{HTTPPort: 9},
		Limits: []limit{{1.5, 5 * time.Second}, {2, time.Minute}}, ByName: map[string]limit{"a": {3, 5 * time.Second}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.hidden != 0 {
		t.Error("a field that is not exported was touched")
	}
}

func TestEveryWrongKeyIsNamedWithWhatIsWrong(t *testing.T) {
	cases := []struct{ toml, key, words string }{
		{`signal = 5`, "signal", "want a string, got 5"},
		{`abov = 5`, "abov", `did you mean "above"?`},
		{`quux = 5`, "quux", "there is no such key"},
		{`above = "x"`, "above", "want a finite number"},
		{`above = nan`, "above", "want a finite number"},
		{`above = 101`, "above", "101 is above the greatest value 100"},
		{`above = -1`, "above", "-1 is below the least value 0"},
		{`count = 1.5`, "count", "want a whole number"},
		{`port = 70000`, "port", "does not fit into uint16"},
		{`port = -1`, "port", "does not fit into uint16"},
		{`on = 1`, "on", "want true or false"},
		{`holds = 5`, "holds", `want a duration with its unit`},
		{`holds = "5"`, "holds", `want a duration as in`},
		{`holds = "1ms"`, "holds", "below the least value 1s"},
		{`mode = "min"`, "mode", "want one of mean, max"},
		{`severity = "awful"`, "severity", "low, medium, high, critical"},
		{`names = "a"`, "names", "want a list"},
		{`names = ["a", 2]`, "names[1]", "want a string"},
		{`weights = { x = -1 }`, "weights.x", "below the least value 0"},
		{`weights = 3`, "weights", "want a table"},
		{`inner = 3`, "inner", "want a table"},
		{`inner = { httpport = 3 }`, "inner.httpport", `did you mean "http_port"?`},
		{`limits = 3`, "limits", "want tables headed [[limits]]"},
		{`limits = [{ above = 11 }]`, "limits[0].above", "above the greatest value 10"},
		{"[[limits]]\nabove = 1\n[[limits]]", "limits[1].above", "is required: The limit."},
		{`by_name = { a = { abov = 1, above = 1 } }`, "by_name.a.abov", `did you mean "above"?`},
		{``, "signal", "is required: The signal."},
		{`signal = "a"
signal = "b"`, "", "line 2"},
	}
	for _, c := range cases {
		var got full
		problems := Decode([]byte(c.toml), &got)
		found := false
		for _, p := range problems {
			found = found || p.Key == c.key && strings.Contains(p.Text, c.words)
		}
		if !found {
			t.Errorf("%s:\ngot  %v\nwant %s: …%s…", c.toml, problems, c.key, c.words)
		}
	}
}

func TestAllProblemsComeAtOnce(t *testing.T) {
	var got full
	if problems := Decode([]byte("abov = 1\ncount = 0\nmode = \"x\""), &got); len(problems) != 4 {
		t.Errorf("got %v, want 4 problems, the missing signal included", problems)
	}
}

func TestSchemaDescribesEveryKey(t *testing.T) {
	got, err := Schema(full{})
	if err != nil {
		t.Fatal(err)
	}
	byKey := map[string]wire.Setting{}
	for _, s := range got {
		byKey[s.Key] = s
	}
	want := []wire.Setting{
		{Key: "signal", Type: "string", Doc: "The signal.", Required: true},
		{Key: "above", Type: "float", Doc: "The limit.", Default: "90", Min: "0", Max: "100"},
		{Key: "holds", Type: "duration", Doc: "How long.", Default: `"30s"`, Min: "1s", Max: "1h"},
		{Key: "mode", Type: "string", Doc: "How joined.", Default: `"mean"`, Choices: []string{"mean", "max"}},
		{Key: "names", Type: "list of string", Doc: "Names.", Default: `["a", "b"]`},
		{Key: "inner.http_port", Type: "integer", Doc: "A port.", Default: "9"},
		{Key: "limits[]", Type: "table", Doc: "Tables."},
		{Key: "limits[].above", Type: "float", Doc: "The limit.", Max: "10", Required: true},
		{Key: "by_name.*.for", Type: "duration", Doc: "How long.", Default: `"5s"`},
	}
	for _, w := range want {
		if !reflect.DeepEqual(byKey[w.Key], w) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", w.Key, byKey[w.Key], w)
		}
	}
}

func TestMistakesOfTheAuthorAreFound(t *testing.T) {
	cases := map[string]any{
		"doc tag is missing": struct{ A int }{},
		"is none of required": struct {
			A int `homeostat:",fallback=1" doc:"x"`
		}{},
		"default \"x\"": struct {
			A int `homeostat:",default=x" doc:"x"`
		}{},
		"above the greatest": struct {
			A int `homeostat:",default=9,max=5" doc:"x"`
		}{},
		"takes no bounds": struct {
			A string `homeostat:",min=5" doc:"x"`
		}{},
		"bound \"x\"": struct {
			A int `homeostat:",min=x" doc:"x"`
		}{},
		"a required key has": struct {
			A int `homeostat:",required,default=1" doc:"x"`
		}{},
		"cannot be configured": struct {
			A chan int `doc:"x"`
		}{},
		"a table takes no": struct {
			A inner `homeostat:",default=1" doc:"x"`
		}{},
		"a table of values takes no": struct {
			A map[string]int `homeostat:",default=1" doc:"x"`
		}{},
		"have the same key": struct {
			A int `homeostat:"k" doc:"x"`
			B int `homeostat:"k" doc:"x"`
		}{},
		"configuration is a struct": 5,
		"want one of a, b": struct {
			A string `homeostat:",default=c,choices=a|b" doc:"x"`
		}{},
		"inner.B": struct {
			A struct{ B int } `doc:"inner.B"`
		}{},
	}
	for words, config := range cases {
		if words == "inner.B" {
			words = "B: the doc tag is missing"
		}
		if _, err := Schema(config); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("got %v, want it to say %q", err, words)
		}
	}
}

func TestSnakeCase(t *testing.T) {
	for in, want := range map[string]string{"Above": "above", "CheckEvery": "check_every", "HTTPPort": "http_port", "ID": "id", "MaxRSS": "max_rss"} {
		if got := snake(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestDistanceCountsEdits(t *testing.T) {
	for pair, want := range map[[2]string]int{{"", ""}: 0, {"abc", "abc"}: 0, {"abc", "acb"}: 2, {"abc", "ab"}: 1, {"", "abc"}: 3, {"kitten", "sitting"}: 3} {
		if got := distance(pair[0], pair[1]); got != want {
			t.Errorf("%v: got %d, want %d", pair, got, want)
		}
	}
}

// FuzzDecode feeds arbitrary text: no panic, and what decodes without a problem
// keeps its bounds.
func FuzzDecode(f *testing.F) {
	f.Add("signal = \"cpu\"\nabove = 3\n[[limits]]\nabove = 1")
	f.Add("limits = [1, {}]\nweights = { a = [] }")
	f.Add("names = [[\"a\"]]\nby_name = { x = 1 }")
	f.Fuzz(func(t *testing.T, text string) {
		var c full
		if problems := Decode([]byte(text), &c); len(problems) > 0 {
			return
		}
		if err := inBounds(c); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func inBounds(c full) error {
	if c.Signal == "" && c.Above == 0 && c.Count == 0 {
		return errors.New("nothing was decoded")
	}
	if !(c.Above >= 0 && c.Above <= 100) || c.Count < 1 || c.Holds < time.Second || c.Holds > time.Hour {
		return fmt.Errorf("out of bounds: %+v", c)
	}
	return nil
}

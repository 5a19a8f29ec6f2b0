package config

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/config/form"
	"github.com/homeostat/homeostat/host/config/position"
	"github.com/homeostat/homeostat/host/config/schema"
)

// place is where one key can be written: the lines before it and the path of its table.
type place struct {
	lines []string
	path  string
}

// placeOf writes the headers that a table needs, with one element of each array around it.
func placeOf(table schema.Table) place {
	var p place
	for i, step := range table.Steps {
		name := step.Name
		if step.Shape == schema.Named {
			name = step.Example
		}
		p.path = position.Key(p.path, name)
		if last := i == len(table.Steps)-1; last || step.Shape == schema.Repeated {
			outer := schema.Table{Steps: table.Steps[:i+1]}
			p.lines = append(p.lines, outer.Header(schema.Sample))
		}
		if step.Shape == schema.Repeated {
			p.path = position.Element(p.path, 0)
		}
	}
	return p
}

// refused fails unless the one line added to the place is refused with its own path and line and the given words.
func refused(t *testing.T, p place, key, line string, words ...string) {
	t.Helper()
	text := strings.Join(append(append([]string{}, p.lines...), line), "\n")
	want := fmt.Sprintf("line %d: %s", len(p.lines)+1, position.Key(p.path, key))
	for _, problem := range problemsOf(t, text, rootHost()) {
		rest, ok := strings.CutPrefix(problem, want)
		if ok && strings.ContainsAny(rest[:1], ":[.") && containsAll(rest, words) {
			return
		}
	}
	t.Errorf("text:\n%s\ngot problems %q\nwant one that begins %q and says %q", text, problemsOf(t, text, rootHost()), want, words)
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// eachKey calls test for every key that the structs declare, and checks that there are as many as a reader would expect.
func eachKey(t *testing.T, test func(t *testing.T, p place, key schema.Key)) {
	const fewest = 110
	count := 0
	for _, table := range schema.Describe(&Settings{}) {
		p := placeOf(table)
		for _, key := range table.Keys {
			count++
			t.Run(p.path+"."+key.Name, func(t *testing.T) { test(t, p, key) })
		}
	}
	if count < fewest {
		t.Errorf("got %d keys, want at least %d: the walk over the structs is broken", count, fewest)
	}
}

// wrongTypes holds values of a wrong TOML type for each kind.
var wrongTypes = map[schema.Kind][]string{
	schema.KindBool:     {`"true"`, `1`, `[]`},
	schema.KindInt:      {`"3"`, `1.5`, `true`, `{}`},
	schema.KindNumber:   {`"3"`, `true`, `[1]`, `nan`, `inf`},
	schema.KindString:   {`7`, `true`, `["x"]`, `2026-01-02`},
	schema.KindDuration: {`5`, `1.5`, `true`, `10:00:00`},
	schema.KindText:     {`7`, `90.0`, `false`, `["x"]`},
	schema.KindScalar:   {`[1]`, `{ a = 1 }`, `2026-01-02T10:00:00Z`},
	schema.KindStrings:  {`"x"`, `["a", 1]`, `3`, `{}`},
	schema.KindArgvs:    {`["x"]`, `[["a", 1]]`, `"x"`},
	schema.KindPairs:    {`3`, `{ A = 1 }`, `["A=1"]`},
}

func TestEveryKeyRefusesWrongTypes(t *testing.T) {
	eachKey(t, func(t *testing.T, p place, key schema.Key) {
		if len(wrongTypes[key.Kind]) == 0 {
			t.Fatalf("no wrong values are known for kind %q", key.Kind)
		}
		for _, value := range wrongTypes[key.Kind] {
			refused(t, p, key.Name, key.Name+" = "+value)
		}
	})
}

func TestEveryKeyRefusesWrongForms(t *testing.T) {
	wrong := map[schema.Kind][]string{
		schema.KindDuration: {`"5"`, `"five seconds"`, `"5 d"`, `""`, `"-1s"`},
		schema.KindText:     {`"*("`},
	}
	byNoun := map[string][]string{
		"percentage": {`"90"`, `"101%"`, `"-1%"`, `"NaN%"`, `"0x1p4 %"`},
		"size":       {`"256"`, `"256MB"`, `"1.5MiB"`, `"-1B"`, `"99999999999GiB"`},
		"address":    {`"8080"`, `":8080"`, `"localhost"`, `"localhost:0"`, `"localhost:65536"`, `"localhost:http"`},
		"name":       {`"Web"`, `"1web"`, `"a b"`, `"` + strings.Repeat("a", 64) + `"`},
		"SHA-256":    {`"abc"`, `"` + strings.Repeat("z", 64) + `"`},
	}
	eachKey(t, func(t *testing.T, p place, key schema.Key) {
		for _, value := range append(wrong[key.Kind], byNoun[key.Noun]...) {
			refused(t, p, key.Name, key.Name+" = "+value)
		}
	})
}

func TestEveryRangeHasTwoEndsThatHold(t *testing.T) {
	eachKey(t, func(t *testing.T, p place, key schema.Key) {
		if (key.Kind == schema.KindInt || key.Kind == schema.KindDuration) && (key.Min == "" || key.Max == "") {
			t.Fatalf("a %s needs min and max, got %q and %q", key.Kind, key.Min, key.Max)
		}
		if key.Min == "" {
			return
		}
		refused(t, p, key.Name, key.Name+" = "+moved(t, key, key.Min, -1), "below the smallest value "+key.Min)
		refused(t, p, key.Name, key.Name+" = "+moved(t, key, key.Max, +1), "above the largest value "+key.Max)
	})
}

// moved returns the TOML of the value that lies by the smallest step beside limit.
func moved(t *testing.T, key schema.Key, limit string, by int64) string {
	t.Helper()
	switch key.Kind {
	case schema.KindInt:
		n, err := strconv.ParseInt(limit, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatInt(n+by, 10)
	case schema.KindDuration:
		d, err := time.ParseDuration(limit)
		if err != nil {
			t.Fatal(err)
		}
		return strconv.Quote((d + time.Duration(by)).String())
	}
	var size form.Size
	if err := size.UnmarshalText([]byte(limit)); err != nil {
		t.Fatal(err)
	}
	return strconv.Quote((size + form.Size(by)).String())
}

func TestEveryChoiceNamesTheOthers(t *testing.T) {
	eachKey(t, func(t *testing.T, p place, key schema.Key) {
		for _, choice := range key.OneOf {
			misspelt := strconv.Quote(strings.ToUpper(choice))
			if key.Kind == schema.KindStrings {
				misspelt = "[" + misspelt + "]"
			}
			refused(t, p, key.Name, key.Name+" = "+misspelt, fmt.Sprintf("did you mean %q?", choice))
		}
	})
}

func TestEveryMisspeltKeyIsNamed(t *testing.T) {
	eachKey(t, func(t *testing.T, p place, key schema.Key) {
		for _, misspelt := range []string{key.Name + "x", strings.ToUpper(key.Name[:1]) + key.Name[1:]} {
			refused(t, p, misspelt, misspelt+" = 1", "unknown key", fmt.Sprintf("did you mean %q?", key.Name))
		}
	})
}

func TestEveryRequiredKeyIsMissedAtItsTable(t *testing.T) {
	eachKey(t, func(t *testing.T, p place, key schema.Key) {
		if !key.Required {
			return
		}
		want := fmt.Sprintf("line %d: %s: is required", len(p.lines), position.Key(p.path, key.Name))
		for _, problem := range problemsOf(t, strings.Join(p.lines, "\n"), rootHost()) {
			if problem == want {
				return
			}
		}
		t.Errorf("got no problem %q in %q", want, problemsOf(t, strings.Join(p.lines, "\n"), rootHost()))
	})
}

func TestEveryTableRefusesAValueAndAMisspelling(t *testing.T) {
	for _, table := range schema.Describe(&Settings{}) {
		if last := table.Steps[len(table.Steps)-1]; last.Shape == schema.Named {
			continue
		}
		outer := placeOf(schema.Table{Steps: table.Steps[:len(table.Steps)-1]})
		name := table.Steps[len(table.Steps)-1].Name
		refused(t, outer, name, name+" = 3", "want ")
		if outer.path != "" {
			refused(t, outer, name+"x", name+"x = 3", "unknown key", fmt.Sprintf("did you mean %q?", name))
			continue
		}
		refused(t, place{}, name+"x", "["+name+"x]", "unknown key", fmt.Sprintf("did you mean %q?", name))
	}
}

func TestEveryKeyAndTableIsDocumented(t *testing.T) {
	for _, table := range schema.Describe(&Settings{}) {
		if !strings.HasSuffix(table.Doc, ".") {
			t.Errorf("%s: got doc %q, want a sentence", table.Header(schema.Placeholder), table.Doc)
		}
		for _, key := range table.Keys {
			if !strings.HasSuffix(key.Doc, ".") {
				t.Errorf("%s %s: got doc %q, want a sentence", table.Header(schema.Placeholder), key.Name, key.Doc)
			}
			if key.Required && key.Example == "" {
				t.Errorf("%s %s: a required key needs an example", table.Header(schema.Placeholder), key.Name)
			}
		}
	}
}

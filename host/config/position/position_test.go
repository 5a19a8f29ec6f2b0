package position

import (
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

func TestFindKnowsTheLineOfEveryKind(t *testing.T) {
	text := `# a comment with [brackets] and = signs
top = "a # b" # c
[a]
"quoted.key" = 1
'lit' = 2
x.y.z = 3
list = [
  1, # one
  [2,
   3],
  { in = 4 },
]
inline = { p = 1, q = { r = [ 5 ] } }
multi = """
[not.a.table]
ends with two quotes"""""
raw = '''
k = 1
'''
after = 1979-05-27 07:32:00
[[b]]
n = 1
[b.sub]
m = 1
[[b]]
[[b.c]]
[[b.c]]
k = 1
["d e".f]
g = true
`
	want := map[string]int{
		"top": 2, "a": 3, `a."quoted.key"`: 4, "a.lit": 5, "a.x.y.z": 6, "a.list": 7, "a.list[0]": 8, "a.list[1]": 9,
		"a.list[1][1]": 10, "a.list[2].in": 11, "a.inline.q.r[0]": 13, "a.multi": 14, "a.raw": 17, "a.after": 20,
		"b[0]": 21, "b[0].n": 22, "b[0].sub": 23, "b[0].sub.m": 24, "b[1]": 25, "b[1].c[0]": 26, "b[1].c[1]": 27,
		"b[1].c[1].k": 28, `"d e".f.g`: 30,
	}
	positions := Find([]byte(text))
	for path, line := range want {
		if !positions.Has(path) || positions.Line(path) != line {
			t.Errorf("%s: got line %d (written: %t), want %d", path, positions.Line(path), positions.Has(path), line)
		}
	}
}

func TestLineOfAMissingKeyIsThatOfItsTable(t *testing.T) {
	positions := Find([]byte("x = 1\n\n[a.\"b.c\"]\n"))
	for path, want := range map[string]int{`a."b.c".d`: 3, `a."b.c"[7]`: 3, "a.z": 3, "y": 1, "": 1} {
		if got := positions.Line(path); got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
}

// seeds begin the fuzzing of everything that reads TOML.
var seeds = []string{
	"", "a = 1", "[a]\nb = [1, 2]", "[[a]]\n[[a.b]]\nc = {d = 'x'}", "a = \"\"\"\nx\"\"\"\"\"", "'k' = '''\n'''", "\"\\u0041\\\"\" = 2",
	"a = [ # c\n1,\n]", "a.b.c = 1979-05-27T07:32:00Z", "a = {b = {c = [{}]}}", "\r\n[a]\r\n", "a = \"\\\\\"", "a=inf", "[a.b]\n[a]",
}

// FuzzFind checks that every key that the TOML library sees has a line of its own.
func FuzzFind(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		positions := Find([]byte(text))
		tree := map[string]any{}
		if _, err := toml.Decode(text, &tree); err != nil {
			return
		}
		last := strings.Count(text, "\n") + 1
		eachPath("", tree, func(path string) {
			if line := positions.Line(path); !positions.Has(path) || line < 1 || line > last {
				t.Errorf("%q: got line %d (written: %t), want a line from 1 to %d\ntext: %q", path, line, positions.Has(path), last, text)
			}
		})
	})
}

// eachPath calls see for every key and element of a decoded text.
func eachPath(path string, value any, see func(string)) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			see(Key(path, key))
			eachPath(Key(path, key), inner, see)
		}
	case []map[string]any:
		for i, inner := range v {
			see(Element(path, i))
			eachPath(Element(path, i), inner, see)
		}
	case []any:
		for i, inner := range v {
			see(Element(path, i))
			eachPath(Element(path, i), inner, see)
		}
	}
}

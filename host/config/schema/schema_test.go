package schema

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/config/form"
)

// sample has one key of each kind.
type sample struct {
	On      bool              `toml:"on" default:"true" doc:"A."`
	Count   int               `toml:"count" default:"2" min:"1" max:"9" doc:"B."`
	Ratio   Number            `toml:"ratio" doc:"C."`
	Word    string            `toml:"word" default:"a" oneof:"a|b" doc:"D."`
	Pause   time.Duration     `toml:"pause" default:"5s" min:"1s" max:"1m" doc:"E."`
	Share   form.Percent      `toml:"share" default:"50%" doc:"F."`
	Any     Scalar            `toml:"any" doc:"G."`
	List    []string          `toml:"list" doc:"H."`
	Argvs   [][]string        `toml:"argvs" doc:"I."`
	Env     map[string]string `toml:"env" doc:"J."`
	Inner   inner             `toml:"inner" doc:"K."`
	Many    []inner           `toml:"many" doc:"L."`
	Free    Raw               `toml:"free" doc:"M."`
	ByName  map[string]inner  `toml:"by_name" doc:"N."`
	Others  map[string]inner  `toml:"*" place:"other" doc:"O."`
	Ignored int
}

type inner struct {
	N int `toml:"n" default:"7" min:"0" max:"9" doc:"P."`
}

func TestDecodeFillsEveryKind(t *testing.T) {
	text := `
on = false
count = 3
ratio = 2
word = "b"
pause = "1m"
share = "12.5%"
any = "text"
list = ["x"]
argvs = [["a", "b"], []]
env = { K = "v" }
inner.n = 1
many = [{ n = 2 }, {}]
[free]
x.y = 1
[by_name.one]
[stranger]
n = 4
`
	var got sample
	if _, problems := Decode([]byte(text), &got); len(problems) > 0 {
		t.Fatal(problems)
	}
	want := sample{
		Count: 3, Ratio: Number{value: 2, given: true}, Word: "b", Pause: time.Minute, Share: 12.5, Any: Scalar{value: "text"},
		List: []string{"x"}, Argvs: [][]string{{"a", "b"}, {}}, Env: map[string]string{"K": "v"}, Inner: inner{1},
		Many: []inner{{2}, {7}}, Free: Raw{"x": map[string]any{"y": int64(1)}}, ByName: map[string]inner{"one": {7}},
		Others: map[string]inner{"stranger": {4}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDecodeAppliesDefaultsToAnEmptyText(t *testing.T) {
	var got sample
	if _, problems := Decode(nil, &got); len(problems) > 0 {
		t.Fatal(problems)
	}
	want := sample{On: true, Count: 2, Word: "a", Pause: 5 * time.Second, Share: 50, Inner: inner{7}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestWrittenValuesAreDecodedToTheSame(t *testing.T) {
	var want sample
	text := "ratio = 0.25\nany = true\nmany = [{}, {n = 1}]\n[free]\nd = 2026-01-02T10:00:00Z\nz = [1, 'a']\n[x]\n[by_name.'a b']\n"
	if _, problems := Decode([]byte(text), &want); len(problems) > 0 {
		t.Fatal(problems)
	}
	written, err := Write(&want)
	if err != nil {
		t.Fatal(err)
	}
	var got sample
	if _, problems := Decode(written, &got); len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, written)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v\ntext:\n%s", got, want, written)
	}
}

func TestTextThatIsTooLongIsNotRead(t *testing.T) {
	var target sample
	_, problems := Decode([]byte("#"+strings.Repeat("x", MaxBytes)), &target)
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "the limit is 1048576") {
		t.Errorf("got %v, want one problem that names the limit", problems)
	}
}

func TestSecretInTheWrongPlaceIsCut(t *testing.T) {
	var target sample
	secret := strings.Repeat("s", 200)
	_, problems := Decode([]byte("count = \""+secret+"\""), &target)
	if len(problems) != 1 || strings.Contains(problems[0].Text, secret) {
		t.Errorf("got %v, want one problem that does not repeat the whole value", problems)
	}
}

func TestATagThatDoesNotConvertPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("got no panic for a default that is no integer")
		}
	}()
	Decode(nil, &struct {
		N int `toml:"n" default:"many"`
	}{})
}

// Package schema turns TOML text into tagged Go structs, strictly.
//
// It owns the reading of struct tags, the conversion of values, the line of every key, the sentences that say what is
// wrong, and the reference that is printed from the same tags. It knows no setting of homeostat and touches neither the
// disk nor the network. Every function is pure, so all of them may be called from several goroutines at once.
//
// The tags of a field are:
//
//	toml      the key; "*" on a map collects every other key of the table
//	doc       one sentence for the reference
//	default   the value when the key is absent, written as in TOML but without quotes
//	otherwise what the reference prints where the default depends on the host or on other keys
//	min, max  the smallest and largest value allowed, in the unit of the field
//	oneof     the values allowed, separated by "|"
//	required  "true" where the key must be given
//	example   a value for the reference, as TOML
//	place     a name for the reference where the names of tables are free ("name" unless given)
package schema

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"github.com/BurntSushi/toml"

	"github.com/homeostat/homeostat/host/config/position"
)

// MaxBytes is the size of the largest text that Decode reads. A configuration is written by people; 1 MiB is a hundred
// times more than the largest one in use.
const MaxBytes = 1 << 20

// Decode reads text into target, which must be a pointer to a struct with the tags above, and applies every default.
// It returns the line of each key and all problems in the order of their lines; target is complete only where there is none.
func Decode(text []byte, target any) (position.Index, []Problem) {
	tree, problem := parse(text)
	if problem != nil {
		return position.Index{}, []Problem{*problem}
	}
	d := decoder{positions: position.Find(text)}
	value := reflect.ValueOf(target).Elem()
	applyDefaults(value)
	d.table("", tree, value)
	sortProblems(d.problems)
	return d.positions, d.problems
}

// parse reads the text as TOML without any meaning.
func parse(text []byte) (map[string]any, *Problem) {
	if len(text) > MaxBytes {
		return nil, &Problem{Line: 1, Text: fmt.Sprintf("the file has %d bytes, the limit is %d", len(text), MaxBytes)}
	}
	tree := map[string]any{}
	_, err := toml.NewDecoder(bytes.NewReader(text)).Decode(&tree)
	if err == nil {
		return tree, nil
	}
	var syntax toml.ParseError
	if errors.As(err, &syntax) {
		return nil, &Problem{Line: max(1, syntax.Position.Line), Path: syntax.LastKey, Text: "not valid TOML: " + syntax.Message}
	}
	return nil, &Problem{Line: 1, Text: "not valid TOML: " + err.Error()}
}

package parameter

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// tomlLeaves reads a text with the parser, and finds the values that stand on lines of their own.
func tomlLeaves(content string) ([]leaf, error) {
	var tree map[string]any
	if _, err := toml.Decode(content, &tree); err != nil {
		return nil, err
	}
	var out []leaf
	flatten(&out, "", tree)
	slices.SortStableFunc(out, func(a, b leaf) int { return cmp.Compare(a.key, b.key) })
	onLines, _ := iniLeaves(content) // it reads any text
	for i := range out {
		place(&out[i], onLines)
	}
	return out, nil
}

// place gives a value its place, when one line gives it and says the same: lines within a longer text are none.
func place(one *leaf, onLines []leaf) {
	var found []leaf
	for _, l := range onLines {
		if l.key == one.key {
			found = append(found, l)
		}
	}
	if len(found) == 1 && says(found[0], *one) {
		one.begin, one.end = found[0].begin, found[0].end
	}
}

func says(l, one leaf) bool {
	switch one.kind {
	case whole:
		n, err := strconv.ParseInt(l.text, 0, 64)
		return err == nil && strconv.FormatInt(n, 10) == one.text
	case decimal:
		n, err := strconv.ParseFloat(strings.ReplaceAll(l.text, "_", ""), 64)
		return err == nil && number(n) == one.text
	}
	return l.text == one.text && l.kind != other
}

// flatten lists the values of a tree.
func flatten(out *[]leaf, key string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			flatten(out, join(key, name), v[name])
		}
	case []map[string]any:
		for i, item := range v {
			flatten(out, join(key, strconv.Itoa(i)), item)
		}
	case []any:
		for i, item := range v {
			flatten(out, join(key, strconv.Itoa(i)), item)
		}
	case string:
		*out = append(*out, leaf{key: key, text: v, kind: text})
	case int64:
		*out = append(*out, leaf{key: key, text: strconv.FormatInt(v, 10), kind: whole})
	case float64:
		*out = append(*out, leaf{key: key, text: number(v), kind: decimal})
	case bool:
		*out = append(*out, leaf{key: key, text: strconv.FormatBool(v), kind: truth})
	default:
		*out = append(*out, leaf{key: key, text: fmt.Sprint(v), kind: other})
	}
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func number(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }

// jsonLeaves reads a text token by token, because only the tokens know where they stand.
func jsonLeaves(content string) ([]leaf, error) {
	r := jsonReader{content: content, dec: json.NewDecoder(strings.NewReader(content))}
	r.dec.UseNumber()
	if err := r.value(""); err != nil {
		return nil, err
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the end of the value")
	}
	return r.out, nil
}

type jsonReader struct {
	content string
	dec     *json.Decoder
	out     []leaf
}

// value reads one value. The depth of the text is bounded by then.
func (r *jsonReader) value(key string) error {
	before := int(r.dec.InputOffset())
	token, err := r.dec.Token()
	if err != nil {
		return err
	}
	end := int(r.dec.InputOffset())
	begin := before + len(r.content[before:end]) - len(strings.TrimLeft(r.content[before:end], " \t\r\n,:"))
	one := leaf{key: key, begin: begin, end: end, kind: other}
	switch token := token.(type) {
	case json.Delim:
		return r.inside(key, token)
	case string:
		one.text, one.kind = token, text
	case json.Number:
		one.text, one.kind = token.String(), decimal
	case bool:
		one.text, one.kind = strconv.FormatBool(token), truth
	}
	r.out = append(r.out, one)
	return nil
}

// inside reads the rest of an object or an array.
func (r *jsonReader) inside(key string, open json.Delim) error {
	for i := 0; r.dec.More(); i++ {
		name := strconv.Itoa(i)
		if open == '{' {
			token, err := r.dec.Token()
			if err != nil {
				return err
			}
			name = token.(string) // the decoder takes nothing else for a name
		}
		if err := r.value(join(key, name)); err != nil {
			return err
		}
	}
	_, err := r.dec.Token() // the closing bracket
	return err
}

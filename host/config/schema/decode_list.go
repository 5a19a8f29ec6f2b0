package schema

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/config/position"
)

// list binds arrays and tables of strings.
func (d *decoder) list(path string, raw any, target reflect.Value, f field) {
	switch f.kind {
	case KindStrings:
		if list, ok := d.strings(path, raw, f); ok {
			target.Set(reflect.ValueOf(list).Convert(f.typ))
		}
	case KindArgvs:
		d.argvs(path, raw, target, f)
	case KindPairs:
		d.pairs(path, raw, target, f)
	}
}

func (d *decoder) strings(path string, raw any, f field) ([]string, bool) {
	list, ok := raw.([]any)
	if !ok {
		d.wrongType(path, raw, f)
		return nil, false
	}
	out := make([]string, len(list))
	for i, element := range list {
		s, ok := element.(string)
		if !ok {
			d.wrongType(position.Element(path, i), element, field{kind: KindString})
			return nil, false
		}
		if len(f.oneof) > 0 && !slices.Contains(f.oneof, s) {
			d.report(position.Element(path, i), fmt.Sprintf("%q is not one of %s", s, strings.Join(f.oneof, ", ")), closest(s, f.oneof))
			return nil, false
		}
		out[i] = s
	}
	return out, true
}

func (d *decoder) argvs(path string, raw any, target reflect.Value, f field) {
	list, ok := raw.([]any)
	if !ok {
		d.wrongType(path, raw, f)
		return
	}
	out := make([][]string, 0, len(list))
	for i, element := range list {
		argv, ok := d.strings(position.Element(path, i), element, field{kind: KindStrings})
		if !ok {
			return
		}
		out = append(out, argv)
	}
	target.Set(reflect.ValueOf(out))
}

func (d *decoder) pairs(path string, raw any, target reflect.Value, f field) {
	tree, ok := raw.(map[string]any)
	if !ok {
		d.wrongType(path, raw, f)
		return
	}
	out := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		s, ok := tree[key].(string)
		if !ok {
			d.wrongType(position.Key(path, key), tree[key], field{kind: KindString})
			continue
		}
		out[key] = s
	}
	target.Set(reflect.ValueOf(out))
}

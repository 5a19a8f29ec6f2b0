package settings

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/homeostat/homeostat/sdk/span"
	"github.com/homeostat/homeostat/sdk/wire"
)

// Decode reads TOML into the struct that config points to: defaults first,
// then what is written. It returns all problems at once; with any of them the
// struct must not be used. Schema must have found no mistake of the author.
func Decode(text []byte, config any) []wire.Problem {
	raw := map[string]any{}
	if _, err := toml.Decode(string(text), &raw); err != nil {
		var parse toml.ParseError
		if errors.As(err, &parse) {
			return []wire.Problem{{Text: fmt.Sprintf("line %d: %s", parse.Position.Line, parse.Message)}}
		}
		return []wire.Problem{{Text: err.Error()}}
	}
	d := decoder{}
	d.table("", raw, reflect.ValueOf(config).Elem())
	return d.problems
}

// target is where a value goes, and the rules of its field.
type target struct {
	v     reflect.Value
	field field
}

type decoder struct{ problems []wire.Problem }

func (d *decoder) problem(key, format string, args ...any) {
	d.problems = append(d.problems, wire.Problem{Key: key, Text: fmt.Sprintf(format, args...)})
}

func (d *decoder) table(prefix string, raw map[string]any, v reflect.Value) {
	fields, err := fieldsOf(v.Type())
	if err != nil {
		d.problem(strings.TrimSuffix(prefix, "."), "%v", err)
		return
	}
	d.unknownKeys(prefix, raw, fields)
	for _, f := range fields {
		d.field(prefix+f.key, raw, target{v.Field(f.index), f})
	}
}

func (d *decoder) unknownKeys(prefix string, raw map[string]any, fields []field) {
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		if slices.ContainsFunc(fields, func(f field) bool { return f.key == key }) {
			continue
		}
		hint := ""
		if near := nearest(key, fields); near != "" {
			hint = fmt.Sprintf(": did you mean %q?", near)
		}
		d.problem(prefix+key, "there is no such key%s", hint)
	}
}

func (d *decoder) field(key string, raw map[string]any, t target) {
	value, written := raw[t.field.key]
	switch {
	case written:
		d.value(key, value, t)
	case t.field.required:
		d.problem(key, "is required: %s", t.field.doc)
	case t.field.hasDefault:
		d.value(key, t.field.rawDefault(), t)
	case shapeOf(t.field.typ) == table:
		d.table(key+".", nil, t.v)
	}
}

func (d *decoder) value(key string, raw any, t target) {
	switch shapeOf(t.field.typ) {
	case table:
		if inner, ok := raw.(map[string]any); ok {
			d.table(key+".", inner, t.v)
			return
		}
		d.problem(key, "want a table, got %s", show(raw))
	case tableList:
		d.tables(key, raw, t)
	case tableMap, scalarMap:
		d.mapping(key, raw, t)
	case scalarList:
		d.list(key, raw, t)
	default:
		d.scalar(key, raw, t)
	}
}

func (d *decoder) tables(key string, raw any, t target) {
	list, ok := raw.([]map[string]any)
	if !ok {
		list, ok = inlineTables(raw)
	}
	if !ok {
		d.problem(key, "want tables headed [[%s]], got %s", key, show(raw))
		return
	}
	t.v.Set(reflect.MakeSlice(t.field.typ, len(list), len(list)))
	for i, inner := range list {
		d.table(fmt.Sprintf("%s[%d].", key, i), inner, t.v.Index(i))
	}
}

// inlineTables accepts [{…}, {…}], which the decoder delivers as a plain list.
func inlineTables(raw any) ([]map[string]any, bool) {
	list, ok := raw.([]any)
	if !ok {
		return nil, false
	}
	out := make([]map[string]any, len(list))
	for i, entry := range list {
		if out[i], ok = entry.(map[string]any); !ok {
			return nil, false
		}
	}
	return out, true
}

func (d *decoder) mapping(key string, raw any, t target) {
	entries, ok := raw.(map[string]any)
	if !ok {
		d.problem(key, "want a table, got %s", show(raw))
		return
	}
	t.v.Set(reflect.MakeMapWithSize(t.field.typ, len(entries)))
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		slot := reflect.New(t.field.typ.Elem()).Elem()
		inner := t.field
		inner.typ = t.field.typ.Elem()
		d.value(key+"."+name, entries[name], target{slot, inner})
		t.v.SetMapIndex(reflect.ValueOf(name).Convert(t.field.typ.Key()), slot)
	}
}

func (d *decoder) list(key string, raw any, t target) {
	entries, ok := raw.([]any)
	if !ok {
		d.problem(key, "want a list, got %s", show(raw))
		return
	}
	t.v.Set(reflect.MakeSlice(t.field.typ, len(entries), len(entries)))
	inner := t.field
	inner.typ = t.field.typ.Elem()
	for i, entry := range entries {
		d.scalar(fmt.Sprintf("%s[%d]", key, i), entry, target{t.v.Index(i), inner})
	}
}

func (d *decoder) scalar(key string, raw any, t target) {
	if err := setScalar(t.v, raw); err != nil {
		d.problem(key, "%v", err)
		return
	}
	if err := withinBounds(t.v, t.field); err != nil {
		d.problem(key, "%v", err)
		return
	}
	if t.field.choices != nil && !slices.Contains(t.field.choices, fmt.Sprint(raw)) {
		d.problem(key, "want one of %s, got %s", strings.Join(t.field.choices, ", "), show(raw))
	}
}

func setScalar(v reflect.Value, raw any) error {
	if v.Type() == durationType {
		return setDuration(v, raw)
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		s, isText := raw.(string)
		if !isText {
			return fmt.Errorf("want a string, got %s", show(raw))
		}
		return u.UnmarshalText([]byte(s))
	}
	switch v.Kind() {
	case reflect.Bool:
		if b, ok := raw.(bool); ok {
			v.SetBool(b)
			return nil
		}
		return fmt.Errorf("want true or false, got %s", show(raw))
	case reflect.String:
		if s, ok := raw.(string); ok {
			v.SetString(s)
			return nil
		}
		return fmt.Errorf("want a string, got %s", show(raw))
	case reflect.Float32, reflect.Float64:
		return setFloat(v, raw)
	}
	return setInteger(v, raw)
}

func setDuration(v reflect.Value, raw any) error {
	s, ok := raw.(string)
	if !ok {
		return fmt.Errorf("want a duration with its unit, as in \"30s\", got %s", show(raw))
	}
	length, err := span.Parse(s)
	if err != nil {
		return fmt.Errorf("want a duration as in \"30s\", \"5m\", \"1h30m\" or \"7d\", got %s", show(raw))
	}
	v.SetInt(int64(length))
	return nil
}

func setFloat(v reflect.Value, raw any) error {
	x, ok := raw.(float64)
	if n, whole := raw.(int64); whole {
		x, ok = float64(n), true
	}
	if !ok || math.IsNaN(x) || math.IsInf(x, 0) {
		return fmt.Errorf("want a finite number, got %s", show(raw))
	}
	v.SetFloat(x)
	return nil
}

func setInteger(v reflect.Value, raw any) error {
	n, ok := raw.(int64)
	if !ok {
		return fmt.Errorf("want a whole number, got %s", show(raw))
	}
	if v.CanUint() {
		if n < 0 || v.OverflowUint(uint64(n)) {
			return fmt.Errorf("%d does not fit into %s", n, v.Type())
		}
		v.SetUint(uint64(n))
		return nil
	}
	if v.OverflowInt(n) {
		return fmt.Errorf("%d does not fit into %s", n, v.Type())
	}
	v.SetInt(n)
	return nil
}

func withinBounds(v reflect.Value, f field) error {
	if f.min == "" && f.max == "" {
		return nil
	}
	x := number(v)
	if low, err := parseBound(v.Type(), f.min); f.min != "" && (err != nil || x < low) {
		return fmt.Errorf("%v is below the least value %s", v.Interface(), f.min)
	}
	if high, err := parseBound(v.Type(), f.max); f.max != "" && (err != nil || x > high) {
		return fmt.Errorf("%v is above the greatest value %s", v.Interface(), f.max)
	}
	return nil
}

func number(v reflect.Value) float64 {
	switch {
	case v.CanFloat():
		return v.Float()
	case v.CanUint():
		return float64(v.Uint())
	}
	return float64(v.Int())
}

func parseBound(t reflect.Type, text string) (float64, error) {
	if t == durationType {
		length, err := span.Parse(text)
		return float64(length), err
	}
	return strconv.ParseFloat(text, 64)
}

// show writes a raw value for a message, with its kind.
func show(raw any) string {
	const longest = 60
	switch raw := raw.(type) {
	case string:
		if len(raw) > longest {
			raw = raw[:longest] + "…"
		}
		return fmt.Sprintf("the string %q", raw)
	case map[string]any, []map[string]any:
		return "a table"
	case []any:
		return fmt.Sprintf("a list of %d", len(raw))
	}
	return fmt.Sprint(raw)
}

package settings

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// field is one field of a Config struct with what its tags say.
type field struct {
	goName     string
	index      int
	typ        reflect.Type
	key        string
	doc        string
	required   bool
	hasDefault bool
	deflt      string
	min, max   string
	choices    []string
}

func fieldsOf(t reflect.Type) ([]field, error) {
	var out []field
	seen := map[string]string{}
	for i := range t.NumField() {
		sf := t.Field(i)
		if !sf.IsExported() {
			continue
		}
		f, err := parseField(sf, i)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t, sf.Name, err)
		}
		if other, twice := seen[f.key]; twice {
			return nil, fmt.Errorf("%s: fields %s and %s have the same key %q", t, other, sf.Name, f.key)
		}
		seen[f.key] = sf.Name
		out = append(out, f)
	}
	return out, nil
}

func parseField(sf reflect.StructField, index int) (field, error) {
	f := field{goName: sf.Name, index: index, typ: sf.Type, doc: sf.Tag.Get("doc")}
	if f.doc == "" {
		return f, errors.New(`the doc tag is missing: say in one sentence what the key does`)
	}
	parts := strings.Split(sf.Tag.Get("homeostat"), ",")
	f.key = parts[0]
	if f.key == "" {
		f.key = snake(sf.Name)
	}
	for _, option := range parts[1:] {
		if err := f.option(option); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *field) option(text string) error {
	name, value, _ := strings.Cut(text, "=")
	switch name {
	case "required":
		f.required = true
	case "default":
		f.hasDefault, f.deflt = true, value
	case "min":
		f.min = value
	case "max":
		f.max = value
	case "choices":
		f.choices = strings.Split(value, "|")
	default:
		return fmt.Errorf("tag option %q is none of required, default, min, max, choices", text)
	}
	return nil
}

// check finds the author's mistakes in one field by decoding its own default.
func (f field) check() error {
	kind := shapeOf(f.typ)
	if kind == unknown {
		return fmt.Errorf("type %s cannot be configured", f.typ)
	}
	if kind == table || kind == tableList || kind == tableMap {
		if f.hasDefault || f.min != "" || f.max != "" || f.choices != nil {
			return errors.New("a table takes no default, bounds or choices")
		}
		return nil
	}
	if f.required && f.hasDefault {
		return errors.New("a required key has no default")
	}
	if err := f.checkBounds(); err != nil {
		return err
	}
	if !f.hasDefault {
		return nil
	}
	if kind == scalarMap {
		return errors.New("a table of values takes no default")
	}
	d := decoder{}
	d.value(f.key, f.rawDefault(), target{reflect.New(f.typ).Elem(), f})
	if len(d.problems) > 0 {
		return fmt.Errorf("default %q: %s", f.deflt, d.problems[0].Text)
	}
	return nil
}

func (f field) checkBounds() error {
	t := f.scalarType()
	for _, bound := range []string{f.min, f.max} {
		if bound == "" {
			continue
		}
		if !isNumber(t) && t != durationType {
			return fmt.Errorf("%s takes no bounds", typeName(f.typ))
		}
		if _, err := parseBound(t, bound); err != nil {
			return fmt.Errorf("bound %q: %w", bound, err)
		}
	}
	return nil
}

func (f field) scalarType() reflect.Type {
	if k := shapeOf(f.typ); k == scalarList || k == scalarMap {
		return f.typ.Elem()
	}
	return f.typ
}

// rawDefault is the default as the TOML decoder would have delivered it.
func (f field) rawDefault() any {
	if shapeOf(f.typ) != scalarList {
		return rawScalar(f.typ, f.deflt)
	}
	list := []any{}
	if f.deflt != "" {
		for _, part := range strings.Split(f.deflt, "|") {
			list = append(list, rawScalar(f.typ.Elem(), part))
		}
	}
	return list
}

func rawScalar(t reflect.Type, text string) any {
	if isNumber(t) {
		if n, err := strconv.ParseInt(text, 0, 64); err == nil {
			return n
		}
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			return x
		}
	}
	if t.Kind() == reflect.Bool {
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	}
	return text
}

// tomlDefault writes the default as it would stand in a file.
func (f field) tomlDefault() string {
	if !f.hasDefault {
		return ""
	}
	list, ok := f.rawDefault().([]any)
	if !ok {
		return tomlScalar(f.rawDefault())
	}
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = tomlScalar(v)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func tomlScalar(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(v)
}

// snake writes CheckEvery as check_every and HTTPPort as http_port.
func snake(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		startsWord := i > 0 && unicode.IsUpper(r) &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if startsWord {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

package schema

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// scalar binds a single value and checks its range and its choices. A value that is wrong is not kept.
func (d *decoder) scalar(path string, raw any, target reflect.Value, f field) {
	if raw == "" && !f.required && f.fallback == "" && isStringKind(f.kind) {
		target.SetZero()
		return
	}
	if len(f.oneof) > 0 && f.kind == KindString {
		if s, ok := raw.(string); ok && !slices.Contains(f.oneof, s) {
			d.report(path, fmt.Sprintf("%q is not one of %s", s, strings.Join(f.oneof, ", ")), closest(s, f.oneof))
			return
		}
	}
	value := reflect.New(f.typ).Elem()
	if !convertible(raw, f) {
		d.wrongType(path, raw, f)
		return
	}
	if err := convert(raw, value); err != nil {
		keepName(target, value)
		d.report(path, err.Error(), "")
		return
	}
	if text := outOfRange(value, f); text != "" {
		d.report(path, text, "")
		return
	}
	target.Set(value)
}

// closest is DidYouMean without the list, which the sentence already gives.
func closest(word string, known []string) string {
	if hint := DidYouMean(word, known); strings.HasPrefix(hint, "did you mean") {
		return hint
	}
	return ""
}

// keepName keeps a text that has a wrong form where it is a plain string, so that other keys that refer to it are not
// called wrong as well.
func keepName(target, value reflect.Value) {
	if value.Kind() == reflect.String {
		target.Set(value)
	}
}

func isStringKind(k Kind) bool { return k == KindString || k == KindText || k == KindDuration }

// convertible reports whether the TOML type of raw is the one that the field takes.
func convertible(raw any, f field) bool {
	switch raw.(type) {
	case string:
		return isStringKind(f.kind) || f.kind == KindScalar
	case bool:
		return f.kind == KindBool || f.kind == KindScalar
	case int64:
		return f.kind == KindInt || f.kind == KindNumber || f.kind == KindScalar
	case float64:
		return f.kind == KindNumber || f.kind == KindScalar
	}
	return false
}

// convert sets value from raw, whose TOML type fits.
func convert(raw any, value reflect.Value) error {
	switch target := value.Addr().Interface().(type) {
	case *time.Duration:
		d, err := parseDuration(raw.(string))
		*target = d
		return err
	case *Scalar:
		*target = Scalar{value: raw}
		return nil
	case *Number:
		if *target = numberOf(raw); !target.given {
			return fmt.Errorf("%v is not a finite number", raw)
		}
		return nil
	case encoding.TextUnmarshaler:
		return target.UnmarshalText([]byte(raw.(string)))
	}
	value.Set(reflect.ValueOf(raw).Convert(value.Type()))
	return nil
}

// outOfRange returns a sentence where value lies below min or above max of the field.
func outOfRange(value reflect.Value, f field) string {
	number, ok := magnitude(value)
	if !ok {
		return ""
	}
	if f.min != "" && number < limit(f.min, f) {
		return fmt.Sprintf("%s is below the smallest value %s", literal(value, f), f.min)
	}
	if f.max != "" && number > limit(f.max, f) {
		return fmt.Sprintf("%s is above the largest value %s", literal(value, f), f.max)
	}
	return ""
}

// magnitude makes values of one kind comparable.
func magnitude(value reflect.Value) (float64, bool) {
	switch value.Kind() {
	case reflect.Int, reflect.Int64:
		return float64(value.Int()), true
	case reflect.Float64:
		return value.Float(), true
	}
	return 0, false
}

// limit reads a min or max tag; a wrong tag is a bug of the program and panics.
func limit(tag string, f field) float64 {
	value := reflect.New(f.typ).Elem()
	setFromTag(value, f, tag)
	number, _ := magnitude(value)
	return number
}

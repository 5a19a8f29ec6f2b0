package schema

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// noun names the values of a field for people.
func (f field) noun() string {
	if f.kind == KindText {
		if form, ok := reflect.Zero(f.typ).Interface().(Form); ok {
			noun, _ := form.Form()
			return noun
		}
	}
	return string(f.kind)
}

// wanted describes the values of a field, with an example where the form is not obvious.
func wanted(f field) string {
	noun := f.noun()
	article := "a "
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		article = "an "
	}
	switch f.kind {
	case KindDuration:
		return fmt.Sprintf("a duration in quotes such as %q", "5s")
	case KindText:
		return fmt.Sprintf("%s%s in quotes such as %q", article, noun, f.sample())
	case KindNamed:
		return "tables by name"
	}
	return article + noun
}

// sample is a text that the field takes.
func (f field) sample() string {
	if form, ok := reflect.Zero(f.typ).Interface().(Form); ok {
		_, sample := form.Form()
		return sample
	}
	return f.fallback
}

// shown describes a value that is of the wrong type. Long texts are cut, for they may be secrets in the wrong place.
func shown(raw any) string {
	const longest = 40
	switch v := raw.(type) {
	case string:
		if len(v) > longest {
			v = v[:longest] + "…"
		}
		return fmt.Sprintf("the string %q", v)
	case bool:
		return fmt.Sprintf("the boolean %t", v)
	case int64:
		return fmt.Sprintf("the integer %d", v)
	case float64:
		return "the number " + strconv.FormatFloat(v, 'g', -1, 64)
	case map[string]any:
		return "a table"
	case []any, []map[string]any:
		return "an array"
	case time.Time:
		return "the time " + strconv.Quote(v.Format(time.RFC3339))
	}
	return fmt.Sprintf("a value of type %s", reflect.TypeOf(raw).Name())
}

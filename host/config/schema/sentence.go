package schema

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// wanted describes the values of a field, with an example where the form is not obvious.
func wanted(f field) string {
	switch f.kind {
	case KindDuration:
		return fmt.Sprintf("a duration in quotes such as %q", orElse(f.fallback, "5s"))
	case KindText:
		return fmt.Sprintf("a string such as %q", orElse(f.fallback, strings.Trim(f.example, `"`)))
	case KindStrings, KindArgvs, KindTables, KindInt:
		return "an " + string(f.kind)
	case KindNamed:
		return "tables by name"
	default:
		return "a " + string(f.kind)
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
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

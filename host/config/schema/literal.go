package schema

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/config/position"
)

// literal writes a value as TOML.
func literal(value reflect.Value, f field) string {
	switch v := value.Interface().(type) {
	case Scalar:
		return scalarLiteral(v.value)
	case []string:
		return stringsLiteral(v)
	case [][]string:
		parts := make([]string, len(v))
		for i, argv := range v {
			parts[i] = stringsLiteral(argv)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]string:
		return pairsLiteral(v)
	}
	if isStringKind(f.kind) {
		return position.Quote(textOf(value))
	}
	return scalarLiteral(value.Interface())
}

// textOf returns the text from which a string, a duration or a text was read.
func textOf(value reflect.Value) string {
	switch v := value.Interface().(type) {
	case time.Duration:
		return formatDuration(v)
	case fmt.Stringer:
		return v.String()
	}
	return value.String()
}

func scalarLiteral(v any) string {
	switch v := v.(type) {
	case string:
		return position.Quote(v)
	case float64:
		text := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	case nil:
		return `""`
	}
	return fmt.Sprint(v)
}

func stringsLiteral(list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = position.Quote(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func pairsLiteral(pairs map[string]string) string {
	if len(pairs) == 0 {
		return "{}"
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		parts = append(parts, position.Key("", key)+" = "+position.Quote(pairs[key]))
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

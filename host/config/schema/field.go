package schema

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Kind says what values a key takes.
type Kind string

// The kinds of keys. A text is a string with a form of its own, such as a percentage or an address.
const (
	KindBool     Kind = "boolean"
	KindInt      Kind = "integer"
	KindNumber   Kind = "number"
	KindString   Kind = "string"
	KindDuration Kind = "duration"
	KindText     Kind = "text"
	KindScalar   Kind = "boolean, number or string"
	KindStrings  Kind = "array of strings"
	KindArgvs    Kind = "array of arrays of strings"
	KindPairs    Kind = "table of strings"
	KindTable    Kind = "table"
	KindTables   Kind = "array of tables"
	KindNamed    Kind = "named tables"
	KindRaw      Kind = "free table"
)

// field is one struct field with its tags read.
type field struct {
	key       string
	kind      Kind
	index     int
	typ       reflect.Type
	doc       string
	fallback  string
	otherwise string
	min, max  string
	oneof     []string
	required  bool
	example   string
	place     string
}

var textType = reflect.TypeFor[encoding.TextUnmarshaler]()

// fields returns the fields of a struct type in the order of the source. A wrong tag is a bug of the program and panics.
func fields(t reflect.Type) []field {
	var list []field
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("toml") != "" {
			list = append(list, newField(i, f))
		}
	}
	return list
}

func newField(i int, f reflect.StructField) field {
	out := field{
		key: f.Tag.Get("toml"), index: i, typ: f.Type, kind: kindOf(f.Type), doc: f.Tag.Get("doc"),
		fallback: f.Tag.Get("default"), otherwise: f.Tag.Get("otherwise"), min: f.Tag.Get("min"), max: f.Tag.Get("max"),
		required: f.Tag.Get("required") == "true", example: f.Tag.Get("example"), place: f.Tag.Get("place"),
	}
	if list := f.Tag.Get("oneof"); list != "" {
		out.oneof = strings.Split(list, "|")
	}
	if out.place == "" {
		out.place = "name"
	}
	return out
}

// kindOf maps a Go type to the kind of its key; a type that no key can have is a bug of the program and panics.
func kindOf(t reflect.Type) Kind {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return KindDuration
	case t == reflect.TypeFor[Scalar]():
		return KindScalar
	case t == reflect.TypeFor[Number]():
		return KindNumber
	case t == reflect.TypeFor[Raw]():
		return KindRaw
	case reflect.PointerTo(t).Implements(textType):
		return KindText
	}
	if kind, ok := kindOfShape(t); ok {
		return kind
	}
	panic(fmt.Sprintf("schema: no key can have the type %s", t))
}

func kindOfShape(t reflect.Type) (Kind, bool) {
	switch t.Kind() {
	case reflect.Bool:
		return KindBool, true
	case reflect.Int, reflect.Int64:
		return KindInt, true
	case reflect.String:
		return KindString, true
	case reflect.Struct:
		return KindTable, true
	case reflect.Slice:
		return kindOfSlice(t.Elem())
	case reflect.Map:
		if t.Elem().Kind() == reflect.Struct {
			return KindNamed, true
		}
		return KindPairs, t.Elem().Kind() == reflect.String
	default:
		return "", false
	}
}

func kindOfSlice(elem reflect.Type) (Kind, bool) {
	switch elem.Kind() {
	case reflect.Struct:
		return KindTables, true
	case reflect.String:
		return KindStrings, true
	case reflect.Slice:
		return KindArgvs, elem.Elem().Kind() == reflect.String
	default:
		return "", false
	}
}

// Package settings turns the tags of a plugin's Config struct into a schema
// and decodes TOML strictly against it.
//
// It owns the tag language, the defaults, the checks and their wording. It
// reads no file and knows nothing of plugins. Its functions are pure and may be
// called from several goroutines.
//
// A field is described by two tags:
//
//	Above   float64       `homeostat:"above,default=90,min=0,max=100" doc:"Report values above this."`
//	Signal  string        `homeostat:"signal,required" doc:"The signal to look at."`
//	Mode    string        `homeostat:",default=mean,choices=mean|max" doc:"How samples are joined."`
//	Holds   time.Duration `homeostat:",default=30s,min=1s" doc:"How long it must last."`
//	Limits  []Limit       `homeostat:"limits" doc:"One table for each limit."`
//
// The first part of the homeostat tag is the key; without it the key is the
// field's name in snake case. Options are required, default, min, max and
// choices. Lists write their default with "|" between the values, and bounds
// and choices hold for each value of a list. Fields may be bool, integers,
// floats, string, time.Duration, types with UnmarshalText, lists and maps from
// string of these, structs (tables), lists of structs (arrays of tables) and
// maps from string to structs. Fields without a doc tag are mistakes of the
// author, fields that are not exported are left alone.
package settings

import (
	"encoding"
	"fmt"
	"reflect"
	"time"

	"github.com/homeostat/homeostat/sdk/wire"
)

// Schema describes all keys of a Config struct, in the order of its fields. An
// error is a mistake of the author: a tag that does not parse, a type that
// cannot be configured, a default outside its own bounds.
func Schema(config any) ([]wire.Setting, error) {
	t := reflect.TypeOf(config)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("a plugin's configuration is a struct, got %v", t)
	}
	return describeStruct("", t)
}

func describeStruct(prefix string, t reflect.Type) ([]wire.Setting, error) {
	fields, err := fieldsOf(t)
	if err != nil {
		return nil, err
	}
	var out []wire.Setting
	for _, f := range fields {
		more, err := describeField(prefix, f)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t, f.goName, err)
		}
		out = append(out, more...)
	}
	return out, nil
}

func describeField(prefix string, f field) ([]wire.Setting, error) {
	key := prefix + f.key
	if err := f.check(); err != nil {
		return nil, err
	}
	switch shapeOf(f.typ) {
	case table:
		return describeStruct(key+".", f.typ)
	case tableList:
		return describeNested(key+"[].", f)
	case tableMap:
		return describeNested(key+".*.", f)
	}
	return []wire.Setting{{
		Key: key, Type: typeName(f.typ), Doc: f.doc, Default: f.tomlDefault(), Min: f.min, Max: f.max,
		Choices: f.choices, Required: f.required,
	}}, nil
}

func describeNested(prefix string, f field) ([]wire.Setting, error) {
	head := wire.Setting{Key: prefix[:len(prefix)-1], Type: "table", Doc: f.doc, Required: f.required}
	inner, err := describeStruct(prefix, f.typ.Elem())
	return append([]wire.Setting{head}, inner...), err
}

// shape says how a type is written in TOML.
type shape int

const (
	unknown shape = iota
	scalar
	scalarList
	scalarMap
	table
	tableList
	tableMap
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func shapeOf(t reflect.Type) shape {
	switch {
	case isScalar(t):
		return scalar
	case t.Kind() == reflect.Struct:
		return table
	case t.Kind() == reflect.Slice && isScalar(t.Elem()):
		return scalarList
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return tableList
	case t.Kind() != reflect.Map || t.Key().Kind() != reflect.String:
		return unknown
	case isScalar(t.Elem()):
		return scalarMap
	case t.Elem().Kind() == reflect.Struct:
		return tableMap
	}
	return unknown
}

func isScalar(t reflect.Type) bool {
	if t == durationType || reflect.PointerTo(t).Implements(textType) {
		return true
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64:
		return true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}

func isNumber(t reflect.Type) bool {
	return t != durationType && !reflect.PointerTo(t).Implements(textType) && t.Kind() != reflect.Bool && t.Kind() != reflect.String
}

// typeName is the word for a type in documentation and messages.
func typeName(t reflect.Type) string {
	switch shapeOf(t) {
	case scalarList:
		return "list of " + typeName(t.Elem())
	case scalarMap:
		return "table of " + typeName(t.Elem())
	}
	switch {
	case t == durationType:
		return "duration"
	case reflect.PointerTo(t).Implements(textType):
		return "text"
	case t.Kind() == reflect.Bool:
		return "bool"
	case t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return "float"
	}
	return "integer"
}

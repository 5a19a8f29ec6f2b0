package schema

import (
	"fmt"
	"reflect"
	"strconv"
)

// applyDefaults sets every field of a struct from its tag, tables inside it included.
func applyDefaults(target reflect.Value) {
	for _, f := range fields(target.Type()) {
		switch {
		case f.kind == KindTable:
			applyDefaults(target.Field(f.index))
		case f.fallback != "":
			setFromTag(target.Field(f.index), f, f.fallback)
		}
	}
}

// setFromTag converts the text of a tag. A tag that does not convert is a bug of the program and panics.
func setFromTag(target reflect.Value, f field, tag string) {
	var raw any = tag
	var err error
	switch f.kind {
	case KindBool:
		raw, err = strconv.ParseBool(tag)
	case KindInt:
		raw, err = strconv.ParseInt(tag, 10, 64)
	}
	if err == nil {
		err = convert(raw, target)
	}
	if err != nil {
		panic(fmt.Sprintf("schema: tag of key %q: %v", f.key, err))
	}
}

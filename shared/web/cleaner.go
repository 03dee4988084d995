package web

import (
	"fmt"
	"reflect"
)

// fieldCleaner is the cleaner of one field of a struct.
type fieldCleaner struct {
	index int
	at    string
	clean cleaner
}

func appendCleaner(all []fieldCleaner, index int, at string, clean cleaner) []fieldCleaner {
	if clean == nil {
		return all
	}
	return append(all, fieldCleaner{index, at, clean})
}

// cleanFields cleans the fields of a struct; nil when there are none.
func cleanFields(fields []fieldCleaner) cleaner {
	if len(fields) == 0 {
		return nil
	}
	return func(v reflect.Value) (wrong []wrongText) {
		for _, f := range fields {
			wrong = append(wrong, below(f.at, f.clean(v.Field(f.index)))...)
		}
		return wrong
	}
}

// behind cleans what a pointer points at.
func behind(clean cleaner) cleaner {
	if clean == nil {
		return nil
	}
	return func(v reflect.Value) []wrongText {
		if v.IsNil() {
			return nil
		}
		return clean(v.Elem())
	}
}

// each cleans the elements of a slice.
func each(clean cleaner) cleaner {
	if clean == nil {
		return nil
	}
	return func(v reflect.Value) (wrong []wrongText) {
		for i := range v.Len() {
			if bad := clean(v.Index(i)); len(bad) > 0 && len(wrong) < maxWrongTexts {
				wrong = append(wrong, below(fmt.Sprintf("[%d]", i), bad)...)
			}
		}
		return wrong
	}
}

// below puts the location of a value before those of its parts.
func below(at string, wrong []wrongText) []wrongText {
	for i := range wrong {
		wrong[i].location = at + wrong[i].location
	}
	return wrong
}

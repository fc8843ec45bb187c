package connectortest

import (
	"fmt"
	"reflect"
)

// unlike names the first field that is set in want and different in got; empty when there is none.
func unlike(want, got any) string {
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		if f := w.Field(i); !f.IsZero() && !reflect.DeepEqual(f.Interface(), g.Field(i).Interface()) {
			return fmt.Sprintf("%s is %+v; want %+v", w.Type().Field(i).Name, g.Field(i), f)
		}
	}
	return ""
}

// without is the row with one field blank.
func without[R any](r R, field string) R {
	v := reflect.ValueOf(&r).Elem()
	v.FieldByName(field).SetZero()
	return r
}

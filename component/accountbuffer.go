package component

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"unsafe"
)

// keepRaw is what a TLS connection may hold between two stanzas.
const keepRaw = 2 << 10

// rawInput is where a tls.Conn keeps the records it reads. The buffer stays as big as the
// biggest it ever had to be, some 45 kB: more than all else of an account. There is no way
// to ask for it, so it is looked up, and left alone where crypto/tls is built otherwise.
func rawInput(c *tls.Conn) *bytes.Buffer {
	field, found := reflect.TypeFor[tls.Conn]().FieldByName("rawInput")
	if !found || field.Type != reflect.TypeFor[bytes.Buffer]() {
		return nil
	}
	return (*bytes.Buffer)(unsafe.Add(unsafe.Pointer(c), field.Offset))
}

// shedder returns a function that lets a big buffer go that has nothing in it. It is for the
// goroutine that reads from c: nobody else touches the buffer.
func shedder(c *tls.Conn) func() {
	raw := rawInput(c)
	if raw == nil {
		return nil
	}
	return func() {
		if raw.Len() == 0 && raw.Cap() > keepRaw {
			*raw = bytes.Buffer{}
		}
	}
}

package population

import (
	"bytes"
	"errors"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSealedContentComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOf(rapid.Byte()).Draw(t, "content")
		got, err := Open(Seal(content))
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("got %q, %v; want %q", got, err, content)
		}
	})
}

func TestAnyChangedByteIsFound(t *testing.T) {
	sealed := Seal([]byte(`{"members":[1,2,3]}`))
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 0x20
		if _, err := Open(damaged); !errors.Is(err, ErrDamaged) {
			t.Errorf("byte %d: got %v, want ErrDamaged", i, err)
		}
	}
	for end := range sealed {
		if _, err := Open(sealed[:end]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut at %d: got %v, want ErrDamaged", end, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(Seal([]byte("x")))
	f.Add([]byte(head + "00\nx"))
	f.Fuzz(func(t *testing.T, data []byte) {
		content, err := Open(data)
		if err == nil && !bytes.Equal(Seal(content), data) {
			t.Errorf("%q was opened and is sealed otherwise", data)
		}
	})
}

func TestSchemaNamesWhatItIsGiven(t *testing.T) {
	a, err := Schema([]string{"workers"})
	b, _ := Schema([]string{"workers"})
	c, _ := Schema([]string{"threads"})
	if err != nil || a != b || a == c {
		t.Errorf("got %q, %q, %q, %v", a, b, c, err)
	}
	if _, err := Schema(func() {}); err == nil {
		t.Error("a function has a schema")
	}
}

package pack_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/backup/pack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write makes a pack of the contents, each once.
func write(t testing.TB, contents ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := pack.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contents {
		if err := w.Add(pack.Encode(sha256.Sum256(c), c)); err != nil {
			t.Fatal(err)
		}
	}
	if w.Pieces() != len(contents) || w.Size() != int64(out.Len()) {
		t.Fatalf("got %d pieces in %d bytes, want %d in %d", w.Pieces(), w.Size(), len(contents), out.Len())
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(data []byte) (*pack.Reader, error) {
	return pack.NewReader(bytes.NewReader(data), int64(len(data)))
}

var samples = [][]byte{
	{}, []byte("x"), bytes.Repeat([]byte("a line that repeats\n"), 50), []byte("\x00\xff\x1b\x80"),
}

func TestPackGivesBackWhatWasPutIn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		unique := map[pack.Hash][]byte{}
		for _, c := range rapid.SliceOf(rapid.SliceOf(rapid.Byte())).Draw(rt, "contents") {
			unique[sha256.Sum256(c)] = c
		}
		var contents [][]byte
		for _, c := range unique {
			contents = append(contents, c)
		}
		r, err := read(write(t, contents...))
		if err != nil {
			rt.Fatal(err)
		}
		for h, want := range unique {
			p, err := r.Piece(h)
			if err != nil {
				rt.Fatal(err)
			}
			if got, err := p.Decode(); err != nil || !bytes.Equal(got, want) {
				rt.Fatalf("piece %s: got %q, %v, want %q", h, got, err, want)
			}
		}
		if lost, err := r.Verify(); err != nil || len(lost) > 0 {
			rt.Fatalf("verify: lost %v, %v, want none", lost, err)
		}
	})
}

func TestAnyFlippedBitIsFound(t *testing.T) {
	good := write(t, samples...)
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			r, err := read(bad)
			if err == nil {
				_, err = r.Verify()
			}
			if !errors.Is(err, pack.ErrDamaged) {
				t.Fatalf("bit %d of byte %d flipped: got %v, want %v", bit, i, err, pack.ErrDamaged)
			}
		}
	}
}

func TestAnyCutIsFound(t *testing.T) {
	good := write(t, samples...)
	for n := range good {
		if _, err := read(good[:n]); !errors.Is(err, pack.ErrDamaged) {
			t.Fatalf("cut to %d bytes: got %v, want %v", n, err, pack.ErrDamaged)
		}
	}
}

func TestDamagedPieceIsNamedAndTheOthersAreRead(t *testing.T) {
	data := write(t, samples...)
	data[len("HSTPACK1")] ^= 1 // in the hash of the first piece's header
	r, err := read(data)
	if err != nil {
		t.Fatal(err)
	}
	lost, err := r.Verify()
	if want := pack.Hash(sha256.Sum256(samples[0])); err == nil || len(lost) != 1 || lost[0] != want {
		t.Errorf("got %v, %v, want %v lost", lost, err, want)
	}
}

func TestHashIsReadOnlyWithAllItsDigits(t *testing.T) {
	want := pack.Hash(sha256.Sum256([]byte("x")))
	text, err := want.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var got pack.Hash
	if err := got.UnmarshalText(text); err != nil || got != want {
		t.Errorf("%s: got %s, %v", text, got, err)
	}
	for _, bad := range []string{"", string(text[1:]), string(text) + "0", "z" + string(text[1:])} {
		if err := got.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q: got no error, want one", bad)
		}
	}
}

func FuzzReader(f *testing.F) {
	good := write(f, samples...)
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte("HSTPACK1HSTPEND1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := read(data)
		if err != nil {
			return
		}
		lost, verifyErr := r.Verify()
		for h := range r.Hashes {
			p, err := r.Piece(h)
			if err == nil {
				_, err = p.Decode()
			}
			if err != nil && (verifyErr == nil || len(lost) == 0) {
				t.Errorf("piece %s cannot be read, %v, but verify found nothing", h, err)
			}
		}
	})
}

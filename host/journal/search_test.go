package journal

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// short makes a search give up soon.
var short = reach{chunk: 3, most: 12}

// seqs are the numbers of records.
func seqs(list []Record) []uint64 {
	out := []uint64{}
	for _, r := range list {
		out = append(out, r.Seq)
	}
	return out
}

// pages follows a search to its end.
func pages(t rapid.TB, j *Journal, q Query) []uint64 {
	t.Helper()
	out := []uint64{}
	for range 1000 {
		found, err := j.search(q, short)
		if err != nil || len(found.Records) > q.Limit {
			t.Fatalf("%+v: got %d records and %v", q, len(found.Records), err)
		}
		out = append(out, seqs(found.Records)...)
		if found.Rest == 0 {
			return out
		}
		if q.Before > 0 && found.Rest >= q.Before {
			t.Fatalf("%+v: got rest %d, which is no way forward", q, found.Rest)
		}
		q.Before = found.Rest
	}
	t.Fatalf("%+v: no end after 1000 pages", q)
	return nil
}

// TestPagesOfASearchHoldEachMatchOnce compares with a plain look at all that was written.
func TestPagesOfASearchHoldEachMatchOnce(t *testing.T) {
	kinds, names := []string{"component.stop", "component.start", "token.create"}, []string{"web", "store"}
	j := open(t, t.TempDir(), Options{SegmentBytes: 1500})
	var all []Record
	for n := range 40 {
		r, err := j.Append(context.Background(), Entry{Actor: "uid:0", Kind: kinds[n%3], Fields: map[string]any{"component": names[n%2], "n": n}})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	rapid.Check(t, func(t *rapid.T) {
		q := Query{
			Kind:   rapid.SampledFrom([]string{"", "component.", "token.create", "none"}).Draw(t, "wanted kind"),
			About:  rapid.SampledFrom([]string{"", "web", "uid:0", "nobody"}).Draw(t, "wanted name"),
			Limit:  rapid.IntRange(1, 50).Draw(t, "limit"),
			Before: rapid.Uint64Range(0, 45).Draw(t, "before"),
		}
		want := []uint64{}
		for _, r := range slices.Backward(all) {
			kind := q.Kind == "" || q.Kind == r.Kind || q.Kind == "component." && r.Kind != "token.create"
			if before := q.Before == 0 || r.Seq < q.Before; before && kind && (q.About == "" || q.About == r.Actor || q.About == r.Fields["component"]) {
				want = append(want, r.Seq)
			}
		}
		if got := pages(t, j, q); !slices.Equal(got, want) {
			t.Fatalf("%+v: got %v, want %v", q, got, want)
		}
	})
}

func TestSearchGoesOnWhereItGaveUp(t *testing.T) {
	j := open(t, t.TempDir(), Options{})
	if _, err := j.Append(context.Background(), Entry{Actor: "test", Kind: "rare"}); err != nil {
		t.Fatal(err)
	}
	add(t, j, int(short.most))
	q := Query{Kind: "rare", Limit: 5}
	found, err := j.search(q, short)
	if err != nil || len(found.Records) != 0 || found.Rest != 2 {
		t.Fatalf("got %v, rest %d and %v, want nothing yet, and to go on before record 2", seqs(found.Records), found.Rest, err)
	}
	if got := pages(t, j, q); !slices.Equal(got, []uint64{1}) {
		t.Errorf("got %v, want the first record alone", got)
	}
}

func TestSearchLooksIntoLists(t *testing.T) {
	j := open(t, t.TempDir(), Options{})
	inner := map[string]any{"paths": []any{"a.conf", map[string]any{"from": "web"}}}
	if _, err := j.Append(context.Background(), Entry{Actor: "test", Kind: "change.apply", Fields: inner}); err != nil {
		t.Fatal(err)
	}
	for about, want := range map[string]int{"a.conf": 1, "web": 1, "a": 0, "from": 0} {
		found, err := j.Search(Query{About: about, Limit: 1})
		if err != nil || len(found.Records) != want || found.Rest != 0 {
			t.Errorf("about %q: got %d records, rest %d and %v, want %d", about, len(found.Records), found.Rest, err, want)
		}
	}
}

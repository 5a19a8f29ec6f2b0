package txn_test

import (
	"fmt"
	"testing"

	"github.com/homeostat/homeostat/host/change/txn"
)

// BenchmarkApply replaces files of 1 KiB, with every fsync, and then rolls the change back outside the measured time.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{5, 1000} {
		b.Run(fmt.Sprintf("files=%d", n), func(b *testing.B) {
			s := newSite(b, b.TempDir())
			engine := txn.Engine{Journals: s.journals}
			first := manyFiles(s.root, "first", n)
			if _, err := engine.Apply(first); err != nil {
				b.Fatal(err)
			}
			if _, err := engine.Confirm(first.ID); err != nil {
				b.Fatal(err)
			}
			for i := 0; b.Loop(); i++ {
				c := manyFiles(s.root, fmt.Sprint("change-", i), n)
				if r, err := engine.Apply(c); err != nil || r.State != txn.Applied {
					b.Fatal(r, err)
				}
				b.StopTimer()
				if _, err := engine.Rollback(c.ID); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// manyFiles writes n files of 1 KiB that begin with the id of the change.
func manyFiles(root, id string, n int) txn.Change {
	c := txn.Change{ID: id, Root: root}
	for i := range n {
		c.Ops = append(c.Ops, txn.Op{Kind: txn.Write, Path: fmt.Sprintf("bench/%d", i), Data: fmt.Appendf(nil, "%-1024s", fmt.Sprint(id, i))})
	}
	return c
}

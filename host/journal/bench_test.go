package journal

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkAppend compares one durable record with a bare write and sync of as many bytes on the same disk, and with
// what many writers pay for a record when they share a sync.
func BenchmarkAppend(b *testing.B) {
	entry := Entry{Actor: "strategy:restart", Kind: "recovery.started", Fields: map[string]any{"component": "web", "incident": "inc_0123456789", "reason": "probe http failed"}}
	p, err := prepare(entry)
	if err != nil {
		b.Fatal(err)
	}
	line, _, err := p.line(start(), recordTime)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bare write and fsync", func(b *testing.B) { bareAppend(b, line) })
	b.Run("one writer", func(b *testing.B) {
		j := benchJournal(b)
		for b.Loop() {
			if _, err := j.Append(context.Background(), entry); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("64 writers", func(b *testing.B) {
		j := benchJournal(b)
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := j.Append(context.Background(), entry); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

func bareAppend(b *testing.B, line []byte) {
	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for b.Loop() {
		if _, err := f.Write(line); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}

func benchJournal(b *testing.B) *Journal {
	j, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := j.Close(); err != nil {
			b.Error(err)
		}
	})
	return j
}

// BenchmarkVerify measures how fast a chain is checked, in bytes of records.
func BenchmarkVerify(b *testing.B) {
	j := benchJournal(b)
	const records = 2000
	done := make(chan error)
	for range records {
		go func() {
			_, err := j.Append(context.Background(), Entry{Actor: "a", Kind: "k", Fields: map[string]any{"text": "a sentence of some length about a component"}})
			done <- err
		}()
	}
	for range records {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(j.state.size)
	for b.Loop() {
		if report, err := j.Verify(); err != nil || report.Broken != nil {
			b.Fatal(report, err)
		}
	}
}

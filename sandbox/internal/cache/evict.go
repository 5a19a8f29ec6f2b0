package cache

import (
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// buildingPrefix begins the names of entries that are being made.
const buildingPrefix = "building-"

// abandoned is how old such an entry is when its maker must have been killed.
const abandoned = time.Hour

type aged struct {
	path string
	used time.Time
	size int64
}

// evict removes the entries used longest ago until the rest fits, but never keep.
func (c *Cache) evict(keep string) {
	entries := c.entries()
	var total int64
	for _, e := range entries {
		total += e.size
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].used.Before(entries[j].used) })
	for _, e := range entries {
		if total <= c.most {
			return
		}
		if e.path != keep && os.RemoveAll(e.path) == nil {
			total -= e.size
		}
	}
}

// entries lists what is complete and clears away what a killed maker left.
func (c *Cache) entries() []aged {
	list, err := os.ReadDir(c.dir)
	if err != nil {
		return nil
	}
	var out []aged
	for _, d := range list {
		path := filepath.Join(c.dir, d.Name())
		if strings.HasPrefix(d.Name(), buildingPrefix) {
			if info, err := d.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
				_ = os.RemoveAll(path) // tried again next time
			}
			continue
		}
		if info, err := os.Stat(filepath.Join(path, sumsFile)); err == nil {
			out = append(out, aged{path: path, used: info.ModTime(), size: sizeOf(path)})
		}
	}
	return out
}

func sizeOf(dir string) int64 {
	var total int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // what vanished has no size
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total
}

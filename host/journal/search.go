package journal

import (
	"slices"
	"strings"
)

// reach bounds one search, in records: it reads chunk at once, and gives up after most. A reader goes on where it ended.
type reach struct{ chunk, most uint64 }

// searchReach keeps a search that finds nothing well below a second.
var searchReach = reach{chunk: 2048, most: 16384}

// Query chooses records. Zero fields choose all.
type Query struct {
	// Kind is how the kind begins, for example "component.".
	Kind string
	// About is who acted, or the whole text of a field, for example the name of a component.
	About string
	// Before leaves out the record of that number and those after it.
	Before uint64
	// Limit is the most that are wanted, at least 1.
	Limit int
}

// Found is what a search came across.
type Found struct {
	// Records are the newest first.
	Records []Record
	// Rest is the Before with which the search goes on; 0 when the beginning was reached. It can be set though no record
	// was found, for a search reads a bounded number of records.
	Rest uint64
}

// Search looks for records from the end of the journal to its beginning.
func (j *Journal) Search(q Query) (Found, error) { return j.search(q, searchReach) }

func (j *Journal) search(q Query, bound reach) (Found, error) {
	to := j.Head().Seq
	if q.Before > 0 {
		to = min(to, q.Before-1)
	}
	var out Found
	for read := uint64(0); to > 0 && read < bound.most; read += bound.chunk {
		from := to - min(to, bound.chunk) + 1
		list, err := records(j.dir, span{from: from, to: to, limit: int(bound.chunk)})
		if err != nil {
			return Found{}, err
		}
		for _, r := range slices.Backward(list) {
			if !q.takes(r) {
				continue
			}
			out.Records = append(out.Records, r)
			if len(out.Records) >= q.Limit {
				out.Rest = restAt(r.Seq)
				return out, nil
			}
		}
		to = from - 1
	}
	out.Rest = restAt(to + 1)
	return out, nil
}

// restAt is where a search goes on that has read down to a record.
func restAt(seq uint64) uint64 {
	if seq <= 1 {
		return 0
	}
	return seq
}

func (q Query) takes(r Record) bool {
	if !strings.HasPrefix(r.Kind, q.Kind) {
		return false
	}
	return q.About == "" || r.Actor == q.About || names(r.Fields, q.About)
}

// names reports that a value is the text, or holds it.
func names(value any, text string) bool {
	switch v := value.(type) {
	case string:
		return v == text
	case []any:
		return slices.ContainsFunc(v, func(inner any) bool { return names(inner, text) })
	case map[string]any:
		for _, inner := range v {
			if names(inner, text) {
				return true
			}
		}
	}
	return false
}

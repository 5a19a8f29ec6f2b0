package logs

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-logs/meter"
	"github.com/homeostat/homeostat/plugins/detector-logs/record"
	"github.com/homeostat/homeostat/plugins/detector-logs/template"
	"github.com/homeostat/homeostat/plugins/detector-logs/vector"
)

// Bounds of a profile.
const (
	// maxStatements is how many templates of a component are remembered.
	maxStatements = 400
	// maxVectors is how many mixtures of lines of a minute are remembered.
	maxVectors = 64
	// maxSources is how many log files of a component are told apart.
	maxSources = 16
)

// profile is what is usual for one component.
type profile struct {
	// Since is when the component was first seen, SeenAt the last time.
	Since  time.Time `json:"since"`
	SeenAt time.Time `json:"seen_at"`
	// GraceUntil is until when nothing learnt is held against the component.
	GraceUntil time.Time `json:"grace_until"`
	// Lines and News are how many records and how many new templates there were;
	// both fade, so that an old deluge of news does not hide a new one.
	Lines float64 `json:"lines"`
	News  float64 `json:"news"`
	// Statements are the templates, by their number.
	Statements map[template.ID]*statement `json:"statements"`
	// Minute is the one that is being counted, in minutes since 1970.
	Minute int64 `json:"minute"`
	// Total and Errors count lines and lines of level error a minute.
	Total  meter.Meter `json:"total"`
	Errors meter.Meter `json:"errors"`
	// LastLine is when the last line came, Quiet the longest time without one.
	LastLine time.Time     `json:"last_line"`
	Quiet    time.Duration `json:"quiet"`
	// Mixtures are the counts of a minute, Odd how many minutes in a row had one
	// that is far from all known.
	Mixtures []vector.Known `json:"mixtures"`
	Odd      int            `json:"odd"`
	// joiners tell by source which lines belong together.
	joiners map[string]*record.Joiner
	// last is the template of the last record, which further lines belong to.
	last template.ID
	// merges is the miner's count when templates were last compared with it.
	merges int
	model  *vector.Model
}

// statement is what is usual for one template.
type statement struct {
	Count uint64 `json:"c"`
	// Rate is how often it comes in a minute.
	Rate meter.Meter `json:"r"`
	// Length is how long its lines are at most.
	Length int `json:"l"`
	// Level is what its words say, for lines without a level.
	Level  record.Level `json:"v,omitempty"`
	SeenAt int64        `json:"s"`
}

func newProfile(now time.Time) *profile {
	p := &profile{Since: now, Statements: map[template.ID]*statement{}}
	p.ready()
	return p
}

// ready makes what is not saved.
func (p *profile) ready() {
	p.joiners = map[string]*record.Joiner{}
	p.model = vector.Restore(maxVectors, p.Mixtures)
	p.Mixtures = nil
}

func (p *profile) joiner(source string) *record.Joiner {
	j := p.joiners[source]
	if j == nil {
		if len(p.joiners) >= maxSources {
			clear(p.joiners)
		}
		j = &record.Joiner{}
		p.joiners[source] = j
	}
	return j
}

func (p *profile) grace(until time.Time) {
	if until.After(p.GraceUntil) {
		p.GraceUntil = until
	}
}

// skip forgets the minute that is being counted: not all of its lines came, or
// the clock is not to be trusted. Quiet counts from now.
func (p *profile) skip(now time.Time) {
	p.Minute = 0
	p.Total.Now, p.Errors.Now = 0, 0
	for _, s := range p.Statements {
		s.Rate.Now = 0
	}
	p.LastLine = now
}

// warm reports whether what was learnt counts at the time.
func (j *judgement) warm(at time.Time) bool {
	return at.Sub(j.p.Since) >= j.d.config.Warmup && !at.Before(j.p.GraceUntil)
}

// statementOf returns what is known of the template, and whether it is new to
// the component. When there are too many, those that came once and longest ago
// are forgotten.
func (j *judgement) statementOf(id template.ID, at time.Time) (*statement, bool) {
	if s := j.p.Statements[id]; s != nil {
		return s, false
	}
	if s := j.inherited(id); s != nil {
		return s, false
	}
	if len(j.p.Statements) >= maxStatements {
		j.p.forget(maxStatements * 3 / 4) // many at once: sorting is dear
	}
	s := &statement{SeenAt: at.Unix()}
	j.p.Statements[id] = s
	return s, true
}

// inherited joins what is known of templates that became part of this one.
func (j *judgement) inherited(id template.ID) *statement {
	if j.p.merges == j.d.miner.Merges() {
		return nil
	}
	j.p.merges = j.d.miner.Merges()
	return j.p.inherit(id, j.d.miner)
}

// inherit gives what is known of templates to those that they became part of,
// and returns what that makes for the one with the number, or nil.
func (p *profile) inherit(wanted template.ID, miner *template.Miner) *statement {
	for _, old := range slices.Sorted(maps.Keys(p.Statements)) {
		id := miner.Settled(old)
		if id == old {
			continue
		}
		s := p.Statements[old]
		delete(p.Statements, old)
		heir := p.Statements[id]
		if heir == nil {
			heir = &statement{}
			p.Statements[id] = heir
		}
		heir.Count += s.Count
		heir.Length = max(heir.Length, s.Length)
		heir.SeenAt, heir.Level = max(heir.SeenAt, s.SeenAt), max(heir.Level, s.Level)
		heir.Rate.Join(s.Rate)
	}
	return p.Statements[wanted]
}

// trimmed returns the profile with at most limit statements, those seen last.
func (p *profile) trimmed(limit int) *profile {
	if len(p.Statements) <= limit {
		return p
	}
	smaller := *p
	smaller.Statements = maps.Clone(p.Statements)
	smaller.forget(limit)
	return &smaller
}

// forget drops the statements that were seen longest ago, all but keep.
func (p *profile) forget(keep int) {
	ids := slices.SortedFunc(maps.Keys(p.Statements), func(a, b template.ID) int {
		return cmp.Or(cmp.Compare(p.Statements[b].SeenAt, p.Statements[a].SeenAt), cmp.Compare(b, a))
	})
	for _, id := range ids[keep:] {
		delete(p.Statements, id)
	}
}

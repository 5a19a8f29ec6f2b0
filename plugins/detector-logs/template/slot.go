package template

// How many different things must be seen in one place before it counts as a
// variable. Few are states ("opened", "closed"), which are different
// statements; many are names.
const (
	// manyNamed holds behind a word that announces a name, such as "user".
	manyNamed = 2
	// many holds where at least fewWords other words are the same.
	many     = 6
	fewWords = 3
	// manyRuns holds for runs of two or three words, where at least runWords
	// other words are the same.
	manyRuns = 12
	runWords = 4
	// manyBare holds where only two other words are the same.
	manyBare  = 16
	bareWords = 2
	// maxPlaces bounds how many places a template has; the work to find one
	// grows with maxGap to this power.
	maxPlaces = 5
	// maxSlots bounds each of the two generations of slots.
	maxSlots = 1 << 16
)

// slot is a beginning and an end with something between.
type slot struct {
	// values are the hashes of what was seen between.
	values  []uint64
	members []*Template
}

// slots are kept in two generations: when the young one is full it becomes the
// old one, and what is not used again is forgotten with it.
type slots struct{ young, old map[uint64]*slot }

func newSlots() slots { return slots{young: map[uint64]*slot{}, old: map[uint64]*slot{}} }

func (s *slots) at(key uint64) *slot {
	if found := s.young[key]; found != nil {
		return found
	}
	found := s.old[key]
	if found == nil {
		found = &slot{}
	}
	if len(s.young) >= maxSlots {
		s.old, s.young = s.young, map[uint64]*slot{}
	}
	s.young[key] = found
	return found
}

// cut is a part of a template that may be a place.
type cut struct{ from, to int }

// namers are the words behind which a name stands.
var namers = func() map[uint64]bool {
	set := map[uint64]bool{}
	for _, w := range []string{"user", "User", "username", "host", "hostname", "account", "container", "pod", "domain"} {
		set[tokenOf(w)] = true
	}
	return set
}()

// generalise counts the template at each of its cuts, and makes a place where
// enough different things were seen.
func (m *Miner) generalise(t *Template) {
	prefix, suffix := ends(t.tokens)
	n := len(t.tokens)
	for gap := 1; gap <= maxGap; gap++ {
		for from := 0; from+gap <= n; from++ {
			c := cut{from, from + gap}
			need := t.need(c)
			if need == 0 {
				continue
			}
			s := m.slots.at(mix(prefix[c.from], suffix[c.to]))
			if s.see(hashOf(t.tokens[c.from:c.to]), t) >= need {
				m.promote(t, c, s)
				return
			}
		}
	}
}

// see notes what stands in the slot and returns how many different things that
// makes.
func (s *slot) see(value uint64, t *Template) int {
	for _, v := range s.values {
		if v == value {
			return len(s.values)
		}
	}
	s.values = append(s.values, value)
	s.members = append(s.members, t)
	return len(s.values)
}

// need is how many different things the cut needs to become a place; 0 means
// that it cannot become one.
func (t *Template) need(c cut) int {
	if t.tokens[c.from] <= place || t.tokens[c.to-1] <= place {
		return 0
	}
	words, places := 0, 0
	for i, h := range t.tokens {
		if h == place {
			places++
		} else if h > place && (i < c.from || i >= c.to) {
			words++
		}
	}
	if places >= maxPlaces {
		return 0
	}
	single := c.to-c.from == 1
	switch {
	case single && c.from > 0 && namers[t.tokens[c.from-1]] && words >= bareWords && !t.assigned(c.from):
		return manyNamed
	case single && words >= fewWords:
		return many
	case single && words == bareWords:
		return manyBare
	case !single && words >= runWords:
		return manyRuns
	}
	return 0
}

func (t *Template) assigned(i int) bool { return i < 64 && t.values&(1<<i) != 0 }

// promote makes a place of the cut and one template of the members of its slot.
func (m *Miner) promote(t *Template, c cut, s *slot) {
	target := t
	for _, member := range s.members {
		if r := member.root(); !r.dead && r.ID < target.ID {
			target = r
		}
	}
	general := append(append([]uint64(nil), t.tokens[:c.from]...), place)
	general = append(general, t.tokens[c.to:]...)
	values := t.values
	for _, member := range s.members {
		if r := member.root(); r != target && !r.dead {
			m.merge(r, target)
		}
	}
	if target != t {
		m.patterns.remove(target)
	}
	target.tokens, target.values = general, values
	target.Text = withPlace(target.Text, t.Text)
	m.patterns.add(target)
	s.members, s.values = nil, nil
	m.generalise(target)
}

// merge makes t a part of target.
func (m *Miner) merge(t, target *Template) {
	m.merges++
	m.age.Remove(t.node)
	delete(m.byID, t.ID)
	m.patterns.remove(t)
	target.Count += t.Count
	t.merged = target
	m.mergedTo[t.ID] = target.ID
	m.mergedAge = append(m.mergedAge, t.ID)
	if len(m.mergedAge) > MaxTemplates {
		delete(m.mergedTo, m.mergedAge[0])
		m.mergedAge = m.mergedAge[1:]
	}
}

// ends returns the hashes of all beginnings and of all ends of the tokens.
func ends(tokens []uint64) (prefix, suffix []uint64) {
	n := len(tokens)
	prefix, suffix = make([]uint64, n+1), make([]uint64, n+1)
	prefix[0], suffix[n] = 3, 5
	for i, h := range tokens {
		prefix[i+1] = mix(prefix[i], h)
	}
	for i := n - 1; i >= 0; i-- {
		suffix[i] = mix(suffix[i+1], tokens[i])
	}
	return prefix, suffix
}

func hashOf(tokens []uint64) uint64 {
	h := uint64(7)
	for _, t := range tokens {
		h = mix(h, t)
	}
	return h
}

// mix joins two hashes; the constants are those of splitmix64.
func mix(a, b uint64) uint64 {
	x := a*0x9e3779b97f4a7c15 + b
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

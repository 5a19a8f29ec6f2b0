package view

// Quota bounds what one guest may keep: bytes written, files made and files open
// at once. It belongs to one FS and is not safe for concurrent use.
type Quota struct {
	// Bytes is how many bytes of guest writes are kept, in whole pages.
	Bytes int64
	// Files is how many files, folders and links the guest may have made.
	Files int
	// Open is how many files the guest may hold open.
	Open int
	// Spend, when set, is asked for every page beyond Bytes' own check, so that
	// scratch files and linear memory can share one memory limit. A negative
	// count gives back.
	Spend func(bytes int64) bool

	hit bool
}

// Hit reports whether the guest was ever refused for a quota.
func (q *Quota) Hit() bool { return q.hit }

func (q *Quota) charge(n int64) bool {
	if q.Bytes < n || (q.Spend != nil && !q.Spend(n)) {
		q.hit = true
		return false
	}
	q.Bytes -= n
	return true
}

func (q *Quota) refund(n int64) {
	q.Bytes += n
	if q.Spend != nil && n != 0 {
		q.Spend(-n)
	}
}

func (q *Quota) take(counter *int) bool {
	if *counter <= 0 {
		q.hit = true
		return false
	}
	*counter--
	return true
}

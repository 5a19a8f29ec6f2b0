package record

import "strings"

// MaxJoined is how many lines belong to one record at most; what follows begins
// a new one.
const MaxJoined = 1000

// Joiner tells which lines go on with the record before them: the frames of a
// stack trace, the causes of an exception, indented text. It belongs to one
// source of lines. The zero value is ready.
type Joiner struct {
	kind trace
	// lines is how long the present record is.
	lines int
}

// trace is what kind of record is going on.
type trace uint8

const (
	plain trace = iota
	goTrace
	pythonTrace
	pythonAgain // another trace follows
)

// Continues takes the next line and reports whether it goes on with the record
// before. The first line never does.
func (j *Joiner) Continues(line string) bool {
	if j.lines > 0 && j.lines < MaxJoined && j.goesOn(line) {
		j.lines++
		return true
	}
	j.lines, j.kind = 1, plain
	switch {
	case strings.HasPrefix(line, "panic: "), strings.HasPrefix(line, "fatal error: "), isGoroutine(line):
		j.kind = goTrace
	case strings.HasPrefix(line, "Traceback (most recent call last)"):
		j.kind = pythonTrace
	}
	return false
}

func (j *Joiner) goesOn(line string) bool {
	if strings.TrimSpace(line) == "" {
		return true
	}
	switch {
	case strings.HasPrefix(line, "During handling of the above"), strings.HasPrefix(line, "The above exception was"):
		j.kind = pythonAgain
		return true
	case j.kind == pythonAgain && strings.HasPrefix(line, "Traceback (most recent call last)"):
		j.kind = pythonTrace
		return true
	case line[0] == ' ' || line[0] == '\t':
		return true
	case strings.HasPrefix(line, "Caused by: "), strings.HasPrefix(line, "Suppressed: "), strings.HasPrefix(line, "... "):
		return true
	case j.kind == goTrace:
		return ofGoTrace(line)
	case j.kind == pythonTrace:
		return j.ofPythonTrace(line)
	}
	return false
}

func isGoroutine(line string) bool {
	return strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, "]:")
}

// ofGoTrace reports whether the line is part of what the Go runtime prints when
// a program dies.
func ofGoTrace(line string) bool {
	return isGoroutine(line) || strings.HasPrefix(line, "[signal ") || strings.HasPrefix(line, "created by ") ||
		strings.HasPrefix(line, "exit status ") || strings.HasPrefix(line, "runtime stack:") ||
		strings.HasSuffix(line, ")") && strings.Contains(line, "(") && !strings.Contains(line, " ")
}

// ofPythonTrace takes the line behind a trace: the exception itself.
func (j *Joiner) ofPythonTrace(line string) bool {
	j.kind = plain
	name, _, _ := strings.Cut(line, ":")
	return !strings.Contains(name, " ")
}

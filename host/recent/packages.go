package recent

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// Package is one act of the package manager.
type Package struct {
	At time.Time
	// Text says what was done, for example "upgrade nginx:amd64 1.22 → 1.24".
	Text string
	// By is the person who asked for it, where the log says so.
	By string
}

// MaxPackages is how many acts are returned at most, the newest.
const MaxPackages = 50

// tailBytes of a log are read: weeks of an ordinary host.
const tailBytes = 256 << 10

// maxText bounds one sentence; an upgrade of everything names hundreds.
const maxText = 300

// Packages returns what the logs say since, newest first. It knows the forms
// of dpkg.log and of apt's history.log. A log that is not there is no error;
// one that was rotated lately is read as well, under its name with ".1".
func Packages(logs []string, since time.Time, zone *time.Location) ([]Package, error) {
	var all []Package
	var problems []error
	for _, path := range logs {
		for _, name := range []string{path, path + ".1"} {
			found, err := packagesOf(name, since, zone)
			problems = append(problems, err)
			all = append(all, found...)
		}
	}
	slices.SortStableFunc(all, func(a, b Package) int { return b.At.Compare(a.At) })
	return all[:min(len(all), MaxPackages)], errors.Join(problems...)
}

func packagesOf(path string, since time.Time, zone *time.Location) ([]Package, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.ModTime().After(since) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read package log: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read package log: %w", err)
	}
	defer file.Close()
	from := max(info.Size()-tailBytes, 0)
	text := make([]byte, min(info.Size(), tailBytes))
	n, err := file.ReadAt(text, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read package log: %w", err)
	}
	text = text[:n]
	if from > 0 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return parse(text, since, zone), nil
}

// parse reads both forms. What it does not know it skips.
func parse(text []byte, since time.Time, zone *time.Location) []Package {
	p := parser{since: since, zone: zone}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, tailBytes+1)
	for lines.Scan() {
		p.line(strings.ToValidUTF8(lines.Text(), "\uFFFD"))
	}
	return p.found
}

type parser struct {
	since time.Time
	zone  *time.Location
	found []Package
	// block is apt's that is being read.
	block Package
	acts  []string
}

func (p *parser) line(line string) {
	key, value, keyed := strings.Cut(line, ": ")
	switch {
	case !keyed:
		p.dpkg(strings.Fields(line))
	case key == "Start-Date":
		p.block, p.acts = Package{At: p.time(strings.Fields(value))}, nil
	case key == "Commandline":
		p.block.Text = value
	case key == "Requested-By":
		p.block.By = value
	case key == "End-Date":
		p.endBlock()
	case slices.Contains(aptActs, key):
		p.acts = append(p.acts, strings.ToLower(key)+" "+value)
	}
}

// aptActs are the keys of apt's history that name packages.
var aptActs = []string{"Install", "Upgrade", "Downgrade", "Reinstall", "Remove", "Purge"}

func (p *parser) endBlock() {
	b := p.block
	p.block = Package{}
	if b.Text == "" {
		b.Text = "apt"
	}
	b.Text += ": " + strings.Join(p.acts, "; ")
	p.keep(b)
}

// dpkgActs are the acts of dpkg.log that change what is installed.
var dpkgActs = []string{"install", "upgrade", "remove", "purge"}

// dpkg reads a line such as
// "2026-01-02 10:00:00 upgrade nginx:amd64 1.22 1.24".
func (p *parser) dpkg(words []string) {
	if len(words) != 6 || !slices.Contains(dpkgActs, words[2]) {
		return
	}
	p.keep(Package{At: p.time(words[:2]), Text: fmt.Sprintf("%s %s %s → %s", words[2], words[3], words[4], words[5])})
}

func (p *parser) time(words []string) time.Time {
	at, err := time.ParseInLocation(time.DateTime, strings.Join(words, " "), p.zone)
	if err != nil {
		return time.Time{}
	}
	return at
}

func (p *parser) keep(one Package) {
	if !one.At.After(p.since) {
		return
	}
	if runes := []rune(one.Text); len(runes) > maxText {
		one.Text = string(runes[:maxText-1]) + "…"
	}
	p.found = append(p.found, one)
}

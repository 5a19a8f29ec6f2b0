package screen

import (
	"fmt"
	"path"
	"strings"

	"github.com/homeostat/homeostat/host/screen/pattern"
	"github.com/homeostat/homeostat/host/screen/risk"
)

// Bits of a mode, as in stat(2).
const (
	setUser, setGroup = 0o4000, 0o2000
	worldWritable     = 0o002
	sticky            = 0o1000
	executable        = 0o111
)

// heavy are files that decide who may do what.
var heavy = pattern.New(`(^|/)(etc/(passwd|shadow|group|gshadow|ld\.so\.preload|pam\.d/[^/]+|securetty)|\.ssh/authorized_keys2?|authorized_keys)$`)

// metadata judges kind, mode and target of a link.
func metadata(root string, f File) []risk.Finding {
	var found []risk.Finding
	add := func(level risk.Level, rule, text string) {
		found = append(found, risk.Finding{Rule: rule, Text: text, Level: level})
	}
	fresh := f.After.Mode &^ f.Before.Mode
	switch {
	case f.After.Kind == Absent && f.Before.Kind != Absent:
		add(risk.Low, "file.delete", "is deleted")
	case f.After.Kind == Other:
		add(risk.High, "file.kind", "is neither file, folder nor link")
	case f.After.Kind == Symlink:
		level, text := link(root, f)
		add(level, "file.link", text)
	case f.Before.Kind != Absent && f.Before.Kind != f.After.Kind:
		add(risk.Medium, "file.kind", fmt.Sprintf("was a %s and becomes a %s", f.Before.Kind, f.After.Kind))
	}
	if f.After.Kind == Regular && fresh&(setUser|setGroup) != 0 {
		add(risk.High, "file.setuid", fmt.Sprintf("mode %04o runs with the rights of its owner or group", f.After.Mode))
	}
	if (f.After.Kind == Regular && fresh&worldWritable != 0) || (f.After.Kind == Folder && fresh&worldWritable != 0 && f.After.Mode&sticky == 0) {
		add(risk.High, "file.writable", fmt.Sprintf("mode %04o lets everybody write", f.After.Mode))
	}
	if f.After.Kind == Regular && fresh&executable != 0 && f.Before.Mode&executable == 0 {
		add(risk.Low, "file.executable", "becomes executable")
	}
	if heavy.MatchString(strings.TrimSuffix(root, "/") + "/" + f.Path) {
		add(risk.High, "file.authority", "decides who may log in or what is loaded")
	}
	return found
}

// link judges a symbolic link by where it points.
func link(root string, f File) (risk.Level, string) {
	target := string(f.After.Content)
	text := "links to " + risk.Excerpt(target)
	if f.Before.Kind == Symlink && string(f.Before.Content) == target {
		return risk.None, text
	}
	if path.IsAbs(target) {
		if root = path.Clean("/" + root); root != "/" && strings.HasPrefix(path.Clean(target)+"/", root+"/") {
			return risk.Low, text
		}
		return risk.High, text + ", outside of the root"
	}
	if inside := path.Join(path.Dir(f.Path), target); inside == ".." || strings.HasPrefix(inside, "../") {
		return risk.High, text + ", outside of the root"
	}
	return risk.Low, text
}

package readers

import (
	"regexp"
	"strings"
)

// edit changes a stanza that has each element on a line of its own.
type edit func(xml string) string

func same(xml string) string { return xml }

// in changes the n-th content only.
func in(n int, e ...edit) edit {
	return func(xml string) string {
		parts := strings.SplitAfter(xml, "\n</content>\n")
		parts[n] = also(e...)(parts[n])
		return strings.Join(parts, "")
	}
}

func also(edits ...edit) edit {
	return func(xml string) string {
		for _, e := range edits {
			xml = e(xml)
		}
		return xml
	}
}

func swap(from, to string) edit {
	return func(xml string) string { return strings.Replace(xml, from, to, 1) }
}

func swapAll(from, to string) edit {
	return func(xml string) string { return strings.ReplaceAll(xml, from, to) }
}

// give gives an attribute of the first element that begins so another value, or makes it.
func give(begin, name, value string) edit {
	re := regexp.MustCompile("( " + name + "=)'[^']*'")
	return onLine(begin, func(line string) string {
		if re.MatchString(line) {
			return re.ReplaceAllLiteralString(line, " "+name+"='"+value+"'")
		}
		tag, _, _ := strings.Cut(begin, " ")
		return strings.Replace(line, tag, tag+" "+name+"='"+value+"'", 1)
	})
}

func drop(begin, name string) edit {
	re := regexp.MustCompile(" " + name + "='[^']*'")
	return onLine(begin, func(line string) string { return re.ReplaceAllLiteralString(line, "") })
}

func onLine(begin string, change func(string) string) edit {
	return func(xml string) string {
		lines := strings.Split(xml, "\n")
		for i, line := range lines {
			if strings.HasPrefix(line, begin) {
				lines[i] = change(line)
				break
			}
		}
		return strings.Join(lines, "\n")
	}
}

// cut takes every line away that begins so.
func cut(begin string) edit {
	return func(xml string) string {
		var kept []string
		for _, line := range strings.Split(xml, "\n") {
			if !strings.HasPrefix(line, begin) {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "\n")
	}
}

// cutAll takes every element away that begins so, with what is inside, and puts text there
// once.
func cutAll(begin, end, text string) edit {
	re := regexp.MustCompile("(?s)" + regexp.QuoteMeta(begin) + ".*?" + regexp.QuoteMeta(end) + "\n")
	return func(xml string) string {
		at := re.FindStringIndex(xml)
		if at == nil {
			return xml
		}
		return xml[:at[0]] + text + re.ReplaceAllLiteralString(xml[at[0]:], "")
	}
}

// before puts text in front of the first line that begins so.
func before(begin, text string) edit {
	return onLine(begin, func(line string) string { return text + "\n" + line })
}

// after puts text behind it.
func after(begin, text string) edit {
	return onLine(begin, func(line string) string { return line + "\n" + text })
}

// fill puts children into an element that has none.
func fill(begin, name, children string) edit {
	return onLine(begin, func(line string) string {
		return strings.TrimSuffix(line, "/>") + ">\n" + children + "\n</" + name + ">"
	})
}

// exchange makes the contents change places.
func exchange(xml string) string {
	at := strings.Index(xml, "<content creator")
	parts := strings.SplitAfter(xml[at:], "\n</content>\n")
	return xml[:at] + parts[1] + parts[0] + parts[2]
}

// only leaves one of two contents, and its name in the group.
func only(n int) edit {
	return func(xml string) string {
		at := strings.Index(xml, "<content creator")
		parts := strings.SplitAfter(xml[at:], "\n</content>\n")
		group := cut("<content name='" + []string{"1", "0"}[n] + "'")
		return group(xml[:at]) + parts[n] + parts[2]
	}
}

// again adds a copy of a content under another name, also to the group.
func again(n int, name string, change edit) edit {
	return func(xml string) string {
		at := strings.Index(xml, "<content creator")
		parts := strings.SplitAfter(xml[at:], "\n</content>\n")
		copied := change(give("<content creator", "name", name)(parts[n]))
		group := before("</group>", "<content name='"+name+"'/>")
		return group(xml[:at]) + parts[0] + parts[1] + copied + parts[2]
	}
}

// with puts a candidate into the first content, complete but for the change.
func with(change edit) edit {
	good := "<candidate component='1' foundation='1' generation='0' id='c1' ip='192.0.2.1' network='0' port='50000' priority='2122260223' protocol='udp' type='host'/>"
	return in(0, before("</transport>", change(good)))
}

func candidate(name, value string) edit { return with(give("<candidate", name, value)) }

func candidateWithout(name string) edit { return with(drop("<candidate", name)) }

const related = "rel-addr='10.0.0.1' rel-port='9' "

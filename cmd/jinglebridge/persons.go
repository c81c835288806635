package main

import "github.com/jinglebridge/jinglebridge/bridge"

// personKeys are the keys of one [[policy.user]].
func personKeys(p *bridge.Person) []key {
	return []key{
		{path: "name", value: text{&p.Name, nil}},
		{path: "called_by", value: whom{&p.CalledBy, []string{"", "anyone", "contacts"}}},
		{path: "seen_by", value: whom{&p.SeenBy, []string{"", "anyone", "ask"}}},
	}
}

// checkPersons wants each to be one name, and another.
func (l *loader) checkPersons() {
	names := map[string]bool{}
	for i, p := range l.cfg.Bridge.People {
		local, err := bridge.FoldName(p.Name)
		switch {
		case p.Name == "":
			l.refuseIn("policy.user", i, "", "want the name that this is about")
		case err != nil:
			l.refuseIn("policy.user", i, "name", "%q cannot be a name: %v", p.Name, err)
		case names[local]:
			l.refuseIn("policy.user", i, "name", "want each name once, got %q again", p.Name)
		}
		names[local] = true
	}
}

package store

import "time"

func (c PutName) apply(w *writer) error {
	if err := w.room("SELECT 1 FROM name WHERE local = ?", "name", c.Local); err != nil {
		return err
	}
	_, err := w.exec(`INSERT INTO name (local, name, method, sum) VALUES (?, ?, ?, ?)
		ON CONFLICT (local) DO UPDATE SET name = excluded.name, method = excluded.method, sum = excluded.sum`,
		c.Local, c.Name, c.Method, Name(c).sum())
	return err
}

func (c DropName) apply(w *writer) error {
	for _, query := range []string{
		"DELETE FROM contact WHERE local = ?", "DELETE FROM missed WHERE local = ?", "DELETE FROM name WHERE local = ?",
	} {
		if _, err := w.exec(query, c.Local); err != nil {
			return err
		}
	}
	return nil
}

func (c PutContact) apply(w *writer) error {
	var before, contacts, pending, all int // before: -1 not there, 1 pending
	err := w.get([]any{&before, &contacts, &pending, &all}, `SELECT
		coalesce((SELECT pending FROM contact WHERE local = ?1 AND bare = ?2), -1),
		coalesce((SELECT n FROM tally WHERE what = 'contact' AND local = ?1), 0),
		coalesce((SELECT n FROM tally WHERE what = 'pending' AND local = ?1), 0),
		(SELECT n FROM tally WHERE what = 'contact' AND local = '')`, c.Local, c.Bare)
	if err != nil {
		return err
	}
	if before < 0 && (contacts >= MaxContacts || all >= MaxRows) || c.Pending && before != 1 && pending >= MaxPending {
		return ErrLimit
	}
	_, err = w.exec(`INSERT INTO contact (local, bare, sees_us, we_see, asked, pending, greeted, listed, approved, blocked, title, message, teams, sum)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (local, bare) DO UPDATE SET
		sees_us = excluded.sees_us, we_see = excluded.we_see, asked = excluded.asked, pending = excluded.pending,
		greeted = excluded.greeted, listed = excluded.listed, approved = excluded.approved, blocked = excluded.blocked,
		title = excluded.title, message = excluded.message, teams = excluded.teams, sum = excluded.sum`,
		c.Local, c.Bare, c.From, c.To, c.Asked, c.Pending, c.Greeted, c.Listed, c.Approved, c.Blocked,
		c.Title, c.Message, c.Groups, Contact(c).sum())
	return err
}

func (c DropContact) apply(w *writer) error {
	_, err := w.exec("DELETE FROM contact WHERE local = ? AND bare = ?", c.Local, c.Bare)
	return err
}

func (c Online) apply(w *writer) error {
	if err := w.room("SELECT 1 FROM online WHERE jid = ?", "online", c.JID); err != nil {
		return err
	}
	_, err := w.exec("INSERT INTO online (jid, sum) VALUES (?, ?) ON CONFLICT DO NOTHING", c.JID, sum(0, c.JID))
	return err
}

func (c Offline) apply(w *writer) error {
	_, err := w.exec("DELETE FROM online WHERE jid = ?", c.JID)
	return err
}

func (c Missed) apply(w *writer) error {
	if err := w.room("SELECT 0 WHERE ? = ''", "missed", c.Local); err != nil {
		return err
	}
	_, err := w.exec("INSERT INTO missed (local, peer, title, media, at, sum) VALUES (?, ?, ?, ?, ?, ?)",
		c.Local, c.From, c.Title, c.Media, millis(c.At), Call(c).sum())
	if err != nil {
		return err
	}
	_, err = w.exec(`DELETE FROM missed WHERE local = ?1 AND id <=
		(SELECT id FROM missed WHERE local = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`, c.Local, MaxMissed)
	return err
}

func (c TakeMissed) apply(w *writer) error {
	_, err := w.exec("DELETE FROM missed WHERE local = ?", c.Local)
	return err
}

func (c CallRecord) apply(w *writer) error {
	_, err := w.exec(`INSERT INTO call (id, direction, caller, callee, media, began, answered, ended, reason)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.ID, c.Direction, c.From, c.To, c.Media,
		millis(c.Began), millis(c.Answered), millis(c.Ended), c.Reason)
	if err != nil {
		return err
	}
	_, err = w.exec("DELETE FROM call WHERE n <= (SELECT max(n) FROM call) - ?", MaxRows)
	return err
}

func (c UseOnce) apply(w *writer) error {
	if err := w.room("SELECT 1 FROM once WHERE id = ?", "once", c.ID); err != nil {
		return err
	}
	changed, err := w.exec("INSERT INTO once (id, until) VALUES (?, ?) ON CONFLICT DO NOTHING", c.ID, millis(c.Until))
	if err == nil && changed == 0 {
		return ErrUsed
	}
	return err
}

func (c Prune) apply(w *writer) error {
	for _, query := range []string{
		"DELETE FROM call WHERE n IN (SELECT n FROM call WHERE ended < ? LIMIT 10000)",
		"DELETE FROM missed WHERE id IN (SELECT id FROM missed WHERE at < ? LIMIT 10000)",
		"DELETE FROM once WHERE id IN (SELECT id FROM once WHERE until > 0 AND until < ? LIMIT 10000)",
	} {
		if _, err := w.exec(query, millis(c.Before)); err != nil {
			return err
		}
	}
	return nil
}

// room is ErrLimit when a table is full, and what is to be put there is not there already.
func (w *writer) room(there, what, key string) error {
	var n, known int
	err := w.get([]any{&n, &known}, "SELECT n, EXISTS ("+there+") FROM tally WHERE what = ? AND local = ''", key, what)
	if err == nil && n >= MaxRows && known == 0 {
		return ErrLimit
	}
	return err
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

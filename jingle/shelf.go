package jingle

// shelf is where the small parts of all contents of a description lie together. It has
// room for the usual audio and video of a browser, so that reading one is one allocation.
type shelf struct {
	payloads   []Payload
	params     []Param
	extensions []Extension
	sources    []Source
	groups     []SourceGroup
	grouped    []uint32 // the sources of all groups
	candidates []Candidate
	bundle     [maxContents]string

	room struct {
		payloads   [36]Payload
		params     [48]Param
		extensions [16]Extension
		sources    [4]Source
		groups     [2]SourceGroup
		grouped    [4]uint32
	}
}

func newShelf() *shelf {
	s := new(shelf)
	s.payloads, s.params, s.extensions = s.room.payloads[:0], s.room.params[:0], s.room.extensions[:0]
	s.sources, s.groups, s.grouped = s.room.sources[:0], s.room.groups[:0], s.room.grouped[:0]
	return s
}

// marks are the lengths of the rows of a shelf where a content began.
type marks struct{ payloads, extensions, sources, groups, candidates int }

func (s *shelf) marks() marks {
	return marks{len(s.payloads), len(s.extensions), len(s.sources), len(s.groups), len(s.candidates)}
}

// hand gives a content what was put on the shelf since it began.
func (s *shelf) hand(c *Content, begin marks) {
	c.Payloads, c.Extensions = since(s.payloads, begin.payloads), since(s.extensions, begin.extensions)
	c.Sources, c.Groups = since(s.sources, begin.sources), since(s.groups, begin.groups)
}

// since cuts off what was appended after a mark, with no room to grow into the next; nil
// when that is nothing.
func since[T any](all []T, mark int) []T {
	if mark == len(all) {
		return nil
	}
	return all[mark:len(all):len(all)]
}

// Package text is the one rule for texts that people write: names, addresses, descriptions, reasons, searches.
//
// A Rule turns what was typed into its normal form, or refuses it. The normal form
//
//   - is in Unicode normal form C, so that "é" is one text however a keyboard composes it (UAX #15);
//   - has no space at its ends, and one plain space wherever there were several or other ones (U+00A0, U+3000);
//   - has none of the characters that nobody sees and that have no effect where they stand. ZWJ and ZWNJ stay between two
//     visible characters (Persian, emoji), variation selectors after one, and tags in the flags that are made of them;
//   - says something: a text of spaces, fillers, selectors or combining marks alone is refused.
//
// Refused are control characters, the characters that embed, override or isolate a direction of writing (they make a text
// look like another), noncharacters, private-use characters, U+FFFD (the trace of a text that was broken on its way) and more
// combining marks on one character than any language writes. A line (of one line, such as a name) refuses line breaks and tabs
// inside; a block (such as a description) keeps them. Code points that Unicode has not assigned yet are kept: a newer phone knows
// them.
//
// Lengths are bounded in characters, which are Unicode code points of the normal form as JSON Schema counts them, and in
// bytes of UTF-8: see Rule.
//
// The normal form of a normal form is itself. Whether two texts are the same to people ("Café" and "CAFÉ") is decided by the
// function text_key in the database of the service that asks, because its indexes need it there.
package text

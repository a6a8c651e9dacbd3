// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/inflate.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"

#define MAX_CODE_BITS	 15
#define MAX_LITERALS	 288
#define MAX_DISTANCES	 30
#define WHOLE_BLOCK_CODE 256

/* Input as a stream of bits, output as a growing buffer. @bad: an error that sticks. */
struct stream {
	const uint8_t *in;
	size_t in_size, in_pos;
	uint32_t bits;
	unsigned int nr_bits;
	uint8_t *out;
	size_t out_size, out_room, out_max;
	int bad;
};

/* A Huffman code in canonical form: how many codes of each length, and the symbols in order. */
struct code {
	uint16_t count[MAX_CODE_BITS + 1];
	uint16_t symbol[MAX_LITERALS];
};

static unsigned int take_bits(struct stream *s, unsigned int nr)
{
	unsigned int value;

	while (s->nr_bits < nr) {
		if (s->in_pos == s->in_size) {
			s->bad = EINVAL;
			return 0;
		}
		s->bits |= (uint32_t)s->in[s->in_pos++] << s->nr_bits;
		s->nr_bits += 8;
	}
	value = s->bits & ((1u << nr) - 1);
	s->bits >>= nr;
	s->nr_bits -= nr;
	return value;
}

static void put_byte(struct stream *s, uint8_t byte)
{
	if (s->out_size >= s->out_max) {
		s->bad = EFBIG;
		return;
	}
	if (s->out_size + 1 >= s->out_room) {
		size_t room = s->out_room ? s->out_room * 2 : 65536;
		uint8_t *more = realloc(s->out, room);

		if (!more) {
			s->bad = ENOMEM;
			return;
		}
		s->out = more;
		s->out_room = room;
	}
	s->out[s->out_size++] = byte;
}

static void build_code(struct code *code, const uint8_t *lengths, unsigned int nr)
{
	uint16_t offset[MAX_CODE_BITS + 2] = {0};

	memset(code, 0, sizeof(*code));
	for (unsigned int i = 0; i < nr; i++)
		code->count[lengths[i]]++;
	code->count[0] = 0;
	for (unsigned int len = 1; len <= MAX_CODE_BITS; len++)
		offset[len + 1] = (uint16_t)(offset[len] + code->count[len]);
	for (unsigned int i = 0; i < nr; i++)
		if (lengths[i])
			code->symbol[offset[lengths[i]]++] = (uint16_t)i;
}

/* One symbol, bit by bit: codes of one length are consecutive numbers (RFC 1951, section 3.2.2). */
static unsigned int take_symbol(struct stream *s, const struct code *code)
{
	int value = 0, first = 0, index = 0;

	for (unsigned int len = 1; len <= MAX_CODE_BITS && !s->bad; len++) {
		value |= (int)take_bits(s, 1);
		if (value - first < code->count[len])
			return code->symbol[index + value - first];
		index += code->count[len];
		first = (first + code->count[len]) << 1;
		value <<= 1;
	}
	s->bad = s->bad ? s->bad : EINVAL;
	return 0;
}

static void copy_match(struct stream *s, unsigned int length, const struct code *distances)
{
	unsigned int symbol = take_symbol(s, distances), extra, distance;

	if (symbol >= MAX_DISTANCES)
		s->bad = EINVAL;
	if (s->bad)
		return;
	/* RFC 1951, section 3.2.5: two codes for each number of extra bits. */
	extra = symbol < 2 ? 0 : symbol / 2 - 1;
	distance = (symbol < 2 ? symbol : (2 + symbol % 2) << extra) + 1 + take_bits(s, extra);
	if (distance > s->out_size)
		s->bad = EINVAL;
	while (length-- && !s->bad)
		put_byte(s, s->out[s->out_size - distance]);
}

/* RFC 1951, section 3.2.5: four codes for each number of extra bits, and 258 alone. */
static unsigned int take_length(struct stream *s, unsigned int symbol)
{
	unsigned int i = symbol - 257, extra;

	if (i < 8)
		return 3 + i;
	if (i == 28)
		return 258;
	if (i > 28) {
		s->bad = EINVAL;
		return 0;
	}
	extra = i / 4 - 1;
	return 3 + ((4 + i % 4) << extra) + take_bits(s, extra);
}

static void compressed_block(struct stream *s, const struct code *literals,
			     const struct code *distances)
{
	while (!s->bad) {
		unsigned int symbol = take_symbol(s, literals);

		if (s->bad || symbol == WHOLE_BLOCK_CODE)
			return;
		if (symbol < WHOLE_BLOCK_CODE)
			put_byte(s, (uint8_t)symbol);
		else
			copy_match(s, take_length(s, symbol), distances);
	}
}

static void fixed_block(struct stream *s)
{
	uint8_t lengths[MAX_LITERALS];
	struct code literals, distances;

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	build_code(&literals, lengths, MAX_LITERALS);
	memset(lengths, 5, MAX_DISTANCES);
	build_code(&distances, lengths, MAX_DISTANCES);
	compressed_block(s, &literals, &distances);
}

/* Code lengths are themselves coded, with run lengths (RFC 1951, section 3.2.7). */
static void take_lengths(struct stream *s, const struct code *code, uint8_t *lengths,
			 unsigned int nr)
{
	for (unsigned int i = 0; i < nr && !s->bad;) {
		unsigned int symbol = take_symbol(s, code), repeat;
		uint8_t value = 0;

		if (symbol < 16) {
			lengths[i++] = (uint8_t)symbol;
			continue;
		}
		if (symbol == 16 && i)
			value = lengths[i - 1];
		else if (symbol == 16)
			s->bad = EINVAL;
		repeat = symbol == 16	? 3 + take_bits(s, 2)
			 : symbol == 17 ? 3 + take_bits(s, 3)
					: 11 + take_bits(s, 7);
		if (repeat > nr - i)
			s->bad = EINVAL;
		while (repeat-- && !s->bad)
			lengths[i++] = value;
	}
}

static void dynamic_block(struct stream *s)
{
	static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					  11, 4,  12, 3, 13, 2, 14, 1, 15};
	unsigned int nr_literals = take_bits(s, 5) + 257, nr_distances = take_bits(s, 5) + 1;
	unsigned int nr_lengths = take_bits(s, 4) + 4;
	uint8_t lengths[MAX_LITERALS + 32] = {0};
	struct code literals, distances;

	if (nr_literals > 286 || nr_distances > MAX_DISTANCES)
		s->bad = EINVAL;
	for (unsigned int i = 0; i < nr_lengths && !s->bad; i++)
		lengths[order[i]] = (uint8_t)take_bits(s, 3);
	build_code(&literals, lengths, 19);
	memset(lengths, 0, sizeof(lengths));
	take_lengths(s, &literals, lengths, s->bad ? 0 : nr_literals + nr_distances);
	if (s->bad)
		return;
	build_code(&literals, lengths, nr_literals);
	build_code(&distances, lengths + nr_literals, nr_distances);
	compressed_block(s, &literals, &distances);
}

static void stored_block(struct stream *s)
{
	unsigned int length, complement;

	take_bits(s, s->nr_bits % 8);
	length = take_bits(s, 16);
	complement = take_bits(s, 16);
	if ((length ^ complement) != 0xffff)
		s->bad = EINVAL;
	while (length-- && !s->bad)
		put_byte(s, (uint8_t)take_bits(s, 8));
}

static void inflate_blocks(struct stream *s)
{
	bool last = false;

	while (!last && !s->bad) {
		last = take_bits(s, 1);
		switch (take_bits(s, 2)) {
		case 0:
			stored_block(s);
			break;
		case 1:
			fixed_block(s);
			break;
		case 2:
			dynamic_block(s);
			break;
		default:
			s->bad = EINVAL;
		}
	}
}

/* RFC 1952, section 2.3: skip the header and its optional fields. */
static void skip_header(struct stream *s)
{
	unsigned int flags, skip;

	if (take_bits(s, 8) != 0x1f || take_bits(s, 8) != 0x8b || take_bits(s, 8) != 8)
		s->bad = EINVAL;
	flags = take_bits(s, 8);
	for (int i = 0; i < 6; i++)
		take_bits(s, 8);
	skip = flags & 4 ? take_bits(s, 16) : 0;
	while (skip-- && !s->bad)
		take_bits(s, 8);
	for (unsigned int field = 8; field <= 16; field *= 2)
		if (flags & field)
			while (!s->bad && take_bits(s, 8))
				;
	if (flags & 2)
		take_bits(s, 16);
}

/* RFC 1952, section 8. */
static uint32_t crc32_of(const uint8_t *data, size_t size)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void check_trailer(struct stream *s)
{
	uint32_t crc, length;

	take_bits(s, s->nr_bits % 8);
	crc = take_bits(s, 16);
	crc |= (uint32_t)take_bits(s, 16) << 16;
	length = take_bits(s, 16);
	length |= (uint32_t)take_bits(s, 16) << 16;
	if (s->bad)
		return;
	if (length != (uint32_t)s->out_size || crc != crc32_of(s->out, s->out_size))
		s->bad = EINVAL;
}

int inflate_gzip(const uint8_t *data, size_t size, size_t max_size, char **ret_data,
		 size_t *ret_size)
{
	struct stream s = {.in = data, .in_size = size, .out_max = max_size};

	skip_header(&s);
	if (!s.bad)
		inflate_blocks(&s);
	if (!s.bad)
		check_trailer(&s);
	if (!s.bad && !s.out) {
		s.out = malloc(1);
		s.bad = s.out ? 0 : ENOMEM;
	}
	if (s.bad) {
		free(s.out);
		return err_sys(s.bad, "unpack gzip data of %zu bytes", size);
	}
	s.out[s.out_size] = '\0';
	*ret_data = (char *)s.out;
	*ret_size = s.out_size;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "out/explain.h"

#define WIDTH	   1200.0
#define FRAME	   17
#define HEAD	   48
#define MARGIN	   10.0
#define MIN_WIDTH  0.3
#define CHAR_WIDTH 6.6

/* One frame: what the function and all below it paid there. */
struct frame {
	const char *name; /* of @len bytes */
	size_t len;
	double old, new, old_self, new_self;
	double width; /* in instructions; at least those of the frames above it */
	struct frame *first, *next;
};

struct graph {
	struct frame root;
	size_t depth;
	double scale; /* pixels per instruction */
	double max_change; /* of a frame's own cost */
	FILE *out;
};

static struct frame *find_frame(struct frame *parent, const char *name, size_t len)
{
	struct frame **at = &parent->first;

	for (; *at; at = &(*at)->next)
		if ((*at)->len == len && !memcmp((*at)->name, name, len))
			return *at;
	*at = calloc(1, sizeof(**at));
	if (*at) {
		(*at)->name = name;
		(*at)->len = len;
	}
	return *at;
}

static int add_stacks(struct graph *graph, const struct explain_rep *rep, bool is_new)
{
	size_t i;

	for (i = 0; i < rep->nr_stacks; i++) {
		struct frame *frame = &graph->root;
		const char *at = rep->stacks[i].path;
		double insns = rep->stacks[i].insns;
		size_t depth = 0;

		*(is_new ? &frame->new : &frame->old) += insns;
		while (*at) {
			size_t len = strcspn(at, ";");

			frame = find_frame(frame, at, len);
			if (!frame)
				return err_sys(ENOMEM, "memory for a flame graph");
			*(is_new ? &frame->new : &frame->old) += insns;
			at += len + (at[len] == ';');
			depth++;
		}
		*(is_new ? &frame->new_self : &frame->old_self) += insns;
		graph->depth = depth > graph->depth ? depth : graph->depth;
	}
	return 0;
}

static void free_frames(struct frame *frame)
{
	while (frame) {
		struct frame *next = frame->next;

		free_frames(frame->first);
		free(frame);
		frame = next;
	}
}

static int compare_names(const struct frame *a, const struct frame *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->name, b->name, len);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

/* Insertion sort: few functions call many. */
static void sort_frames(struct frame *parent)
{
	struct frame *sorted = NULL;

	while (parent->first) {
		struct frame *frame = parent->first, **at = &sorted;

		parent->first = frame->next;
		while (*at && compare_names(*at, frame) < 0)
			at = &(*at)->next;
		frame->next = *at;
		*at = frame;
	}
	parent->first = sorted;
}

static void measure(struct graph *graph, struct frame *frame)
{
	struct frame *child;

	sort_frames(frame);
	frame->width = fmax(frame->old_self, frame->new_self);
	for (child = frame->first; child; child = child->next) {
		measure(graph, child);
		frame->width += child->width;
	}
	graph->max_change = fmax(graph->max_change, fabs(frame->new_self - frame->old_self));
}

static void put_text(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '<' || text[i] == '>' || text[i] == '&' || text[i] == '"' || (unsigned char)text[i] < ' ')
			fprintf(out, "&#%d;", (unsigned char)text[i] < ' ' ? '?' : text[i]);
		else
			fputc(text[i], out);
	}
}

/*
 * White: no change; red: costs more; blue: costs less. Of a frame's own cost: with that of its callees all callers of a culprit would be
 * as red as it is, the outermost most of all.
 */
static void put_colour(FILE *out, const struct graph *graph, const struct frame *frame)
{
	double change = frame->new_self - frame->old_self;
	/* The root of a small number: changes of a few instructions are to be seen too. */
	double strength = graph->max_change > 0 ? sqrt(fabs(change) / graph->max_change) : 0;
	int faded = (int)(245 - 170 * strength);

	if (fabs(change) < 0.005)
		fprintf(out, "rgb(238,238,232)");
	else if (change > 0)
		fprintf(out, "rgb(245,%d,%d)", faded, faded);
	else
		fprintf(out, "rgb(%d,%d,245)", faded, faded);
}

static void draw(const struct graph *graph, const struct frame *frame, double x, size_t level)
{
	double width = frame->width * graph->scale, y = HEAD + (double)(graph->depth - level) * FRAME;
	const struct frame *child;
	char number[32], own[32];

	if (width < MIN_WIDTH)
		return;
	explain_number(frame->new - frame->old, true, number, sizeof(number));
	fprintf(graph->out, "<g><title>");
	put_text(graph->out, frame->name, frame->len);
	fprintf(graph->out, ": %.1f before, %.1f after, %s; itself %s</title><rect x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" height=\"%d\" fill=\"",
		frame->old, frame->new, number, explain_number(frame->new_self - frame->old_self, true, own, sizeof(own)), x, y,
		fmax(width - 0.4, 0.2), FRAME - 1);
	put_colour(graph->out, graph, frame);
	fprintf(graph->out, "\"/>");
	if (width > 3 * CHAR_WIDTH) {
		size_t room = (size_t)(width / CHAR_WIDTH), len = frame->len < room ? frame->len : room - 2;

		fprintf(graph->out, "<text x=\"%.1f\" y=\"%.0f\">", x + 2, y + FRAME - 5);
		put_text(graph->out, frame->name, len);
		fprintf(graph->out, "%s", len < frame->len ? ".." : "");
		if (strcmp(number, "0") && frame->len + strlen(number) + 2 < room)
			fprintf(graph->out, " %s", number);
		fprintf(graph->out, "</text>");
	}
	fprintf(graph->out, "</g>\n");
	for (child = frame->first; child; child = child->next) {
		draw(graph, child, x, level + 1);
		x += child->width * graph->scale;
	}
}

static void put_head(const struct graph *graph, const struct explain_print *print)
{
	double height = HEAD + (double)(graph->depth + 1) * FRAME + MARGIN;
	char line[512];

	fprintf(graph->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
		"font-family=\"monospace\" font-size=\"11\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		WIDTH + 2 * MARGIN, height, WIDTH + 2 * MARGIN, height);
	explain_sheet_title(print, 0, line, sizeof(line));
	fprintf(graph->out, "<text x=\"%.0f\" y=\"18\" font-size=\"13\">", MARGIN);
	put_text(graph->out, line, strlen(line));
	fprintf(graph->out, "</text>\n<text x=\"%.0f\" y=\"34\">red: costs more itself, blue: less%s; numbers: change with callees; a frame is as "
		"wide as the larger of both costs; instructions per op</text>\n",
		MARGIN, print->view->old ? "" : " than with memcg off");
}

int explain_svg(const struct explain_print *print, FILE *out)
{
	const struct explain_view *view = print->view;
	struct graph graph = {.root = {.name = "all", .len = 3}, .out = out};
	const struct explain_rep *old = view->old ? &view->old->with : view->has_off ? &view->new->off : &view->new->with;
	int ret = add_stacks(&graph, old, false);

	if (!ret)
		ret = add_stacks(&graph, &view->new->with, true);
	if (!ret) {
		measure(&graph, &graph.root);
		graph.scale = graph.root.width > 0 ? WIDTH / graph.root.width : 0;
		put_head(&graph, print);
		draw(&graph, &graph.root, MARGIN, 0);
		fprintf(out, "</svg>\n");
	}
	free_frames(graph.root.first);
	return ret ? ret : ferror(out) ? err_sys(EIO, "write a flame graph") : 0;
}

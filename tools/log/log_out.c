#include "dp_config.h"

#include "tools/log/log_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"
#include "tools/log/log_resume.h"
#include "tools/log/log_socket.h"

#define US UINT64_C(1000000)

struct dp_log_out {
	const struct dp_log_target *target;
	struct dp_log_form *form;
	struct dp_log_file *file;
	struct dp_log_socket *socket;
	struct dp_log_batch edge; /* the head of a file, or its tail */
	bool reopens;
	bool left; /* the file was ended; the next is not there yet */
	bool grows; /* it cannot be turned, which was said */
	bool wrote;
	uint64_t looked_us;
	bool troubled;
	struct dp_diag trouble;
};

static const char *name_of(const struct dp_log_out *o)
{
	if (o->target->file)
		return o->target->file;
	return o->target->socket ? o->target->socket : "standard output";
}

/* --- opening -------------------------------------------------------------- */

/* Half a line at the end is cut off: what it is of is read once more. */
static enum dp_err continue_lines(struct dp_log_out *o,
    struct dp_log_positions *positions, bool *resumes, struct dp_diag *diag)
{
	int fd = dp_log_file_fd(o->file);
	const char *path = o->target->file;
	uint64_t whole_b, half_b;
	enum dp_err err;

	if (dp_log_file_is_new(o->file))
		return o->target->format == DP_LOG_JSON ?
		    dp_log_resume_turned(positions, resumes, path, diag) :
		    DP_OK;
	err = dp_log_resume_read(positions, resumes, &whole_b, fd, path, diag);
	if (err != DP_OK)
		return err;
	half_b = dp_log_file_size_b(o->file) - whole_b;
	if (half_b == 0)
		return DP_OK;
	err = dp_log_file_cut(o->file, whole_b, diag);
	if (err == DP_OK)
		dp_cli_fail(0, path, "cut off half a line at its end, %"
		    PRIu64 " octets", half_b);
	return err;
}

static enum dp_err continue_sealed(struct dp_log_out *o, uint64_t now_us,
    struct dp_log_positions *positions, bool *resumes, struct dp_diag *diag)
{
	struct dp_log_seal *seal;
	bool turns;
	enum dp_err err = dp_log_seal_open(&seal, &o->target->keys, diag);

	if (err != DP_OK)
		return err;
	dp_log_form_seal(o->form, seal);
	err = dp_log_seal_start(seal, o->file, o->target->file, now_us,
	    positions, resumes, &turns, diag);
	if (err == DP_OK && turns)
		err = dp_log_file_turn(o->file, now_us / US, diag);
	return err == DP_OK && turns ? dp_log_seal_next(seal, now_us) : err;
}

static enum dp_err open_file(struct dp_log_out *o, uint64_t now_us,
    struct dp_log_positions *positions, bool *resumes, struct dp_diag *diag)
{
	enum dp_err err = dp_log_file_open(&o->file, o->target->file,
	    &o->target->turns, diag);

	if (err != DP_OK)
		return err;
	if (o->target->keys.key)
		return continue_sealed(o, now_us, positions, resumes, diag);
	if (o->target->format != DP_LOG_DNSTAP)
		return continue_lines(o, positions, resumes, diag);
	return dp_log_file_is_new(o->file) ? DP_OK :
	    dp_log_file_turn(o->file, now_us / US, diag);
}

enum dp_err dp_log_out_open(struct dp_log_out **out,
    const struct dp_log_target *target, struct dp_log_form *form,
    uint64_t now_us, struct dp_log_positions *positions, bool *resumes,
    struct dp_diag *diag)
{
	struct dp_log_out *o = calloc(1, sizeof(*o));
	enum dp_err err = DP_ERR_NOMEM;

	*resumes = false;
	if (!o)
		goto out;
	o->target = target;
	o->form = form;
	o->looked_us = now_us;
	if (target->file) {
		err = open_file(o, now_us, positions, resumes, diag);
		goto out;
	}
	o->socket = dp_log_socket_open(target->socket,
	    target->format == DP_LOG_DNSTAP);
	if (o->socket)
		err = DP_OK;
out:
	if (err == DP_ERR_NOMEM)
		dp_diag_set(diag, "log", 0, "out of memory");
	if (err == DP_OK)
		*out = o;
	else if (o) {
		dp_log_file_close(&o->file);
		free(o);
	}
	return err;
}

void dp_log_out_reopen(struct dp_log_out *o)
{
	o->reopens = true;
}

int dp_log_out_fd(const struct dp_log_out *o)
{
	return o->socket ? dp_log_socket_fd(o->socket) : -1;
}

/* --- what goes wrong ------------------------------------------------------ */

static void say_trouble(struct dp_log_out *o, enum dp_err err,
    const struct dp_diag *diag)
{
	if (!o->troubled || strcmp(o->trouble.reason, diag->reason) != 0)
		(void)dp_cli_diag(err, diag);
	o->troubled = true;
	o->trouble = *diag;
}

static void say_well(struct dp_log_out *o)
{
	if (o->troubled)
		dp_cli_fail(0, name_of(o), "goes on");
	o->troubled = false;
}

/* --- writing -------------------------------------------------------------- */

/* Both whole, or nothing; what is sealed is told so. */
static enum dp_err put(struct dp_log_out *o, const struct dp_log_batch *head,
    const struct dp_log_batch *body, struct dp_diag *diag)
{
	struct dp_log_seal *seal = dp_log_form_seal_of(o->form);
	enum dp_err err;

	if (head->starved || body->starved) {
		dp_diag_set(diag, o->target->file, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	err = dp_log_file_write(o->file, head, body, diag);
	/* It is written nevertheless, and must not be again. */
	if (err == DP_OK && seal && dp_log_seal_wants_sync(seal) &&
	    dp_log_file_sync(o->file, diag) != DP_OK)
		say_trouble(o, DP_ERR_IO, diag);
	if (err == DP_OK && seal)
		dp_log_seal_written(seal, head->size_b + body->size_b);
	return err;
}

static enum dp_err end_file(struct dp_log_out *o, bool goes_on,
    uint64_t now_us, struct dp_diag *diag)
{
	static const struct dp_log_batch nothing;
	bool sealed = dp_log_form_seal_of(o->form) != NULL;

	dp_log_batch_clear(&o->edge);
	if (!sealed && dp_log_file_is_new(o->file))
		return DP_OK;
	dp_log_form_tail(o->form, goes_on, now_us, &o->edge);
	return o->edge.size_b > 0 ? put(o, &o->edge, &nothing, diag) : DP_OK;
}

static enum dp_err begin_file(struct dp_log_out *o, uint64_t now_us)
{
	struct dp_log_seal *seal = dp_log_form_seal_of(o->form);

	return seal ? dp_log_seal_next(seal, now_us) : DP_OK;
}

/*
 * The file was moved or removed. What is sealed belongs to it, so the batch
 * goes there; where that fails the chain tells what is missing.
 */
static enum dp_err follow_file(struct dp_log_out *o,
    struct dp_log_batch *batch, uint64_t now_us, struct dp_diag *diag)
{
	struct dp_log_seal *seal = dp_log_form_seal_of(o->form);
	enum dp_err err;

	if (!o->left) {
		err = end_file(o, true, now_us, diag);
		if (err != DP_OK && seal)
			dp_log_seal_written(seal, o->edge.size_b);
		if (seal)
			dp_log_batch_clear(batch);
		o->left = true;
	}
	err = dp_log_file_reopen(o->file, diag);
	if (err != DP_OK)
		return err;
	o->left = false;
	if (!o->reopens)
		dp_cli_fail(0, o->target->file, "was moved or removed: begun "
		    "anew");
	return begin_file(o, now_us);
}

/* A file that is moved or removed is noticed within a second. */
static enum dp_err look_after_file(struct dp_log_out *o,
    struct dp_log_batch *batch, uint64_t now_us, struct dp_diag *diag)
{
	enum dp_err err = DP_OK;

	if (!o->reopens && !o->left && now_us - o->looked_us < US)
		return DP_OK;
	if (o->left || !dp_log_file_is_there(o->file))
		err = follow_file(o, batch, now_us, diag);
	if (err == DP_OK) {
		o->reopens = false;
		o->looked_us = now_us;
	}
	return err;
}

/* Behind all that belongs to the old file. Nothing can follow the end of a file
 * in dnstap, so that gets its end when it has its new name. All others get it
 * before: a run that begins in between goes on from what is at the path. */
static enum dp_err end_and_move(struct dp_log_out *o, uint64_t now_us,
    struct dp_diag *diag)
{
	bool moves_first = o->target->format == DP_LOG_DNSTAP;
	enum dp_err err = DP_OK;

	if (moves_first)
		err = dp_log_file_move(o->file, now_us / US, diag);
	if (err == DP_OK)
		err = end_file(o, true, now_us, diag);
	if (err == DP_OK && !moves_first)
		err = dp_log_file_move(o->file, now_us / US, diag);
	return err;
}

/* Where it cannot be turned, the file grows; but not behind its seal. */
static enum dp_err turn_file(struct dp_log_out *o, uint64_t now_us,
    struct dp_diag *diag)
{
	enum dp_err err;

	if (!dp_log_file_is_due(o->file, now_us / US))
		return DP_OK;
	err = end_and_move(o, now_us, diag);
	if (err == DP_OK)
		err = dp_log_file_reopen(o->file, diag);
	if (err == DP_OK) {
		o->grows = false;
		return begin_file(o, now_us);
	}
	if (dp_log_form_seal_of(o->form))
		return err;
	if (!o->grows)
		(void)dp_cli_diag(err, diag);
	o->grows = true;
	return DP_OK;
}

static enum dp_err write_file(struct dp_log_out *o, struct dp_log_batch *batch,
    const struct dp_log_positions *positions, uint64_t now_us,
    struct dp_diag *diag)
{
	enum dp_err err = look_after_file(o, batch, now_us, diag);

	dp_log_batch_clear(&o->edge);
	if (err == DP_OK && batch->size_b > 0) {
		if (dp_log_file_is_new(o->file))
			dp_log_form_head(o->form, positions, now_us, &o->edge);
		err = put(o, &o->edge, batch, diag);
	}
	if (err != DP_OK)
		return err;
	o->wrote = batch->size_b > 0;
	dp_log_batch_clear(batch);
	return turn_file(o, now_us, diag);
}

enum dp_log_wrote dp_log_out_write(struct dp_log_out *o,
    struct dp_log_batch *batch, const struct dp_log_positions *positions,
    uint64_t now_us)
{
	struct dp_diag diag = { .line = 0 };
	enum dp_err err;

	o->wrote = batch->size_b > 0;
	if (o->file)
		err = write_file(o, batch, positions, now_us, &diag);
	else
		err = batch->size_b == 0 ? DP_OK :
		    dp_log_socket_write(o->socket, batch, &diag);
	if (err == DP_ERR_BUSY && o->socket)
		return DP_LOG_WAITS;
	if (err == DP_OK) {
		if (o->wrote)
			say_well(o);
		dp_log_batch_clear(batch);
		return DP_LOG_WROTE;
	}
	say_trouble(o, err, &diag);
	return err == DP_ERR_NOTFOUND ? DP_LOG_ENDED : DP_LOG_FAILED;
}

enum dp_err dp_log_out_end(struct dp_log_out *o, uint64_t now_us)
{
	struct dp_diag diag = { .line = 0 };
	enum dp_err err = o->file && !o->left ?
	    end_file(o, false, now_us, &diag) : DP_OK;

	if (err != DP_OK)
		say_trouble(o, err, &diag);
	return err;
}

void dp_log_out_close(struct dp_log_out **o)
{
	if (!*o)
		return;
	dp_log_file_close(&(*o)->file);
	dp_log_socket_close(&(*o)->socket);
	dp_log_batch_free(&(*o)->edge);
	free(*o);
	*o = NULL;
}

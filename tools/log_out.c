#include "dp_config.h"

#include "tools/log_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"
#include "tools/log_resume.h"
#include "tools/log_socket.h"

#define US UINT64_C(1000000)

struct dp_log_out {
	const struct dp_log_target *target;
	struct dp_log_form *form;
	struct dp_log_file *file;
	struct dp_log_socket *socket;
	struct dp_log_batch edge; /* the head of a file, or its tail */
	bool reopens;
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

static enum dp_err open_file(struct dp_log_out *o, uint64_t now_us,
    struct dp_log_positions *positions, bool *resumes, struct dp_diag *diag)
{
	enum dp_err err = dp_log_file_open(&o->file, o->target->file,
	    &o->target->turns, diag);

	if (err != DP_OK)
		return err;
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

/* The end of a file, where there is room for it. */
static void end_file(struct dp_log_out *o)
{
	static const struct dp_log_batch nothing;
	struct dp_diag diag;

	dp_log_batch_clear(&o->edge);
	if (dp_log_file_is_new(o->file))
		return;
	dp_log_form_tail(o->form, &o->edge);
	if (o->edge.size_b > 0 && !o->edge.starved)
		(void)!dp_log_file_write(o->file, &o->edge, &nothing, &diag);
}

/* A file that is moved or removed is noticed within a second. */
static enum dp_err tend_file(struct dp_log_out *o, uint64_t now_us,
    struct dp_diag *diag)
{
	bool looks = o->reopens || now_us - o->looked_us >= US;
	enum dp_err err = DP_OK;

	if (looks && !dp_log_file_is_there(o->file)) {
		end_file(o);
		err = dp_log_file_reopen(o->file, diag);
		if (err == DP_OK && !o->reopens)
			dp_cli_fail(0, o->target->file, "was moved or removed: "
			    "begun anew");
	}
	if (looks && err == DP_OK) {
		o->reopens = false;
		o->looked_us = now_us;
	}
	if (err == DP_OK && dp_log_file_is_due(o->file, now_us / US)) {
		end_file(o);
		err = dp_log_file_turn(o->file, now_us / US, diag);
	}
	return err;
}

static enum dp_err write_file(struct dp_log_out *o,
    const struct dp_log_batch *batch, const struct dp_log_positions *positions,
    uint64_t now_us, struct dp_diag *diag)
{
	enum dp_err err = tend_file(o, now_us, diag);

	if (err != DP_OK || batch->size_b == 0)
		return err;
	dp_log_batch_clear(&o->edge);
	if (dp_log_file_is_new(o->file))
		dp_log_form_head(o->form, positions, now_us, &o->edge);
	if (o->edge.starved)
		return DP_ERR_NOMEM;
	return dp_log_file_write(o->file, &o->edge, batch, diag);
}

enum dp_log_wrote dp_log_out_write(struct dp_log_out *o,
    struct dp_log_batch *batch, const struct dp_log_positions *positions,
    uint64_t now_us)
{
	struct dp_diag diag = { .line = 0 };
	enum dp_err err;

	if (o->file)
		err = write_file(o, batch, positions, now_us, &diag);
	else
		err = batch->size_b == 0 ? DP_OK :
		    dp_log_socket_write(o->socket, batch, &diag);
	if (err == DP_ERR_BUSY && o->socket)
		return DP_LOG_WAITS;
	if (err == DP_OK) {
		if (batch->size_b > 0)
			say_well(o);
		dp_log_batch_clear(batch);
		return DP_LOG_WROTE;
	}
	say_trouble(o, err, &diag);
	return err == DP_ERR_NOTFOUND ? DP_LOG_ENDED : DP_LOG_FAILED;
}

void dp_log_out_close(struct dp_log_out **o)
{
	if (!*o)
		return;
	if ((*o)->file)
		end_file(*o);
	dp_log_file_close(&(*o)->file);
	dp_log_socket_close(&(*o)->socket);
	dp_log_batch_free(&(*o)->edge);
	free(*o);
	*o = NULL;
}

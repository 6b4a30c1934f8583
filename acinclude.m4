# DNSPIN_UNBOUND
# Finds the configured Unbound tree and the executable to be matched. A module
# fits exactly one build of Unbound, so that nothing is guessed here: what is
# missing is an error that says how to get it.
AC_DEFUN([DNSPIN_UNBOUND], [
AC_PATH_PROG([READELF], [readelf], [no])
AS_IF([test "$READELF" = no],
	[AC_MSG_ERROR([readelf is missing: apt install binutils])])
AS_IF([test -z "$with_unbound_src" || test "$with_unbound_src" = yes],
	[AC_MSG_ERROR([--with-unbound-src=DIR is needed: the source of the Unbound that will load the module, built with --with-dynlibmodule; tools/quickstart gets and builds Debian's])])
AC_MSG_CHECKING([for a configured Unbound tree])
UNBOUND_BUILDDIR=
for dnspin_dir in "$with_unbound_src" "$with_unbound_src/b/unbound"; do
	AS_IF([test -z "$UNBOUND_BUILDDIR" && test -f "$dnspin_dir/config.h" && test -f "$dnspin_dir/Makefile"],
		[UNBOUND_BUILDDIR=`cd "$dnspin_dir" && pwd`])
done
AS_IF([test -z "$UNBOUND_BUILDDIR"],
	[AC_MSG_ERROR([no config.h in $with_unbound_src nor in its b/unbound: configure and build Unbound there first])])
dnspin_sub=`$SED -n 's/^srcdir *= *//p' "$UNBOUND_BUILDDIR/Makefile" | head -n 1`
UNBOUND_SRCDIR=`cd "$UNBOUND_BUILDDIR" && cd "$dnspin_sub" && pwd`
AS_IF([test ! -f "$UNBOUND_SRCDIR/util/module.h"],
	[AC_MSG_ERROR([$UNBOUND_SRCDIR holds no util/module.h: not an Unbound source])])
AC_MSG_RESULT([$UNBOUND_BUILDDIR])
AS_IF([$GREP -q '^#define WITH_DYNLIBMODULE' "$UNBOUND_BUILDDIR/config.h"], [],
	[AC_MSG_ERROR([the Unbound in $UNBOUND_BUILDDIR was configured without --with-dynlibmodule and cannot load modules. Where the server that is installed is such a one, too, it must be built anew with that option: tools/package makes packages for Debian, dnspin-homes(7) tells of other systems, and dnspin-pythonmod(7) of a way without it. Where it is not, configure this tree as unbound -V says])])
UNBOUND_VERSION=`$SED -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' "$UNBOUND_BUILDDIR/config.h"`
UNBOUND_CPPFLAGS="-isystem $UNBOUND_BUILDDIR -isystem $UNBOUND_SRCDIR"

# Its objects as a library, for unit tests of the sources that see Unbound.
UNBOUND_OBJECTS=
AS_IF([test -f "$UNBOUND_BUILDDIR/.libs/libunbound.a"],
	[UNBOUND_OBJECTS="$UNBOUND_BUILDDIR/.libs/libunbound.a `$SED -n 's/^\(LIBS\|SSLLIB\) *=//p' "$UNBOUND_BUILDDIR/Makefile" | tr '\n' ' '`"])
AM_CONDITIONAL([HAVE_UNBOUND_OBJECTS], [test -n "$UNBOUND_OBJECTS"])
AC_SUBST([UNBOUND_OBJECTS])

UNBOUND=${with_unbound:-$UNBOUND_BUILDDIR/unbound}
AC_MSG_CHECKING([for the build-id of $UNBOUND])
AS_IF([test ! -x "$UNBOUND"],
	[AC_MSG_ERROR([there is no executable $UNBOUND: build Unbound, or name it with --with-unbound=BINARY])])
UNBOUND_BUILD_ID=`$READELF -n "$UNBOUND" 2>/dev/null | $SED -n 's/.*Build ID: *\(@<:@0-9a-f@:>@*\).*/\1/p' | head -n 1`
AC_MSG_RESULT([${UNBOUND_BUILD_ID:-none, its version text will be compared instead}])
# It holds its configure line, for unbound -V.
AS_IF([$GREP -qaF -e --with- "$UNBOUND" && ! $GREP -qaF -e --with-dynlibmodule "$UNBOUND"],
	[AC_MSG_ERROR([$UNBOUND was built without --with-dynlibmodule and cannot load modules, though the tree was built with it: install what the tree makes, or packages (tools/package), or see dnspin-pythonmod(7)])])
AC_DEFINE_UNQUOTED([DP_UNBOUND_BUILD_ID], ["$UNBOUND_BUILD_ID"],
	[GNU build-id of the executable that may load the module; empty: it has none])
AC_DEFINE_UNQUOTED([DP_UNBOUND_VERSION], ["$UNBOUND_VERSION"],
	[version of the Unbound that the module is built for])
AC_SUBST([UNBOUND])
AC_SUBST([UNBOUND_BUILDDIR])
AC_SUBST([UNBOUND_SRCDIR])
AC_SUBST([UNBOUND_CPPFLAGS])
AC_SUBST([UNBOUND_BUILD_ID])
AC_SUBST([UNBOUND_VERSION])
])

# DNSPIN_STOCK_UNBOUND
# An executable without dynlib, from the same source package as the tree: the
# loader for pythonmod fits it. Its objects are linked from the tree.
AC_DEFUN([DNSPIN_STOCK_UNBOUND], [
STOCK_UNBOUND=$with_stock_unbound
AS_IF([test -n "$STOCK_UNBOUND" && test "$STOCK_UNBOUND" != no], [
	AC_MSG_CHECKING([whether $STOCK_UNBOUND is built as the tree is, without dynlib])
	AS_IF([test ! -f "$STOCK_UNBOUND"],
		[AC_MSG_ERROR([there is no $STOCK_UNBOUND: tools/unbound-stock gets Debian's])])
	dnspin_line=`$SED -n 's/^#define CONFCMDLINE "\(.*\)"$/\1/p' "$UNBOUND_BUILDDIR/config.h" | $SED 's/ --with-dynlibmodule//'`
	AS_IF([$GREP -qaF -e "$dnspin_line" "$STOCK_UNBOUND"], [],
		[AC_MSG_ERROR([it has another configure line: take the executable of the package that the source in $UNBOUND_SRCDIR is of])])
	AS_IF([$GREP -q '^#define WITH_PYTHONMODULE' "$UNBOUND_BUILDDIR/config.h"], [],
		[AC_MSG_ERROR([the tree is configured without --with-pythonmodule])])
	AS_IF([test -f "$UNBOUND_BUILDDIR/.libs/mesh.o"], [],
		[AC_MSG_ERROR([$UNBOUND_BUILDDIR/.libs holds no objects for shared libraries: build Unbound there])])
	STOCK_BUILD_ID=`$READELF -n "$STOCK_UNBOUND" 2>/dev/null | $SED -n 's/.*Build ID: *\(@<:@0-9a-f@:>@*\).*/\1/p' | head -n 1`
	AS_IF([test -z "$STOCK_BUILD_ID"],
		[AC_MSG_ERROR([it has no build-id, so that another could not be told from it])])
	AC_MSG_RESULT([$STOCK_BUILD_ID])
	AC_DEFINE_UNQUOTED([DP_STOCK_BUILD_ID], ["$STOCK_BUILD_ID"],
		[GNU build-id of the executable that the loader for pythonmod is for])
	# What Unbound's objects need, without Python and without other objects.
	STOCK_LIBS=`$SED -n 's/^\(LIBS\|SSLLIB\) *=//p' "$UNBOUND_BUILDDIR/Makefile" | tr ' ' '\n' | $GREP -e '^-l' | $GREP -v -e '^-lpython' | tr '\n' ' '`
	], [STOCK_UNBOUND=])
AM_CONDITIONAL([STOCK], [test -n "$STOCK_UNBOUND"])
AC_SUBST([STOCK_UNBOUND])
AC_SUBST([STOCK_LIBS])
])

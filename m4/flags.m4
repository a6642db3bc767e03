# PGSLUICE_CFLAG(VARIABLE, FLAG...)
# Appends to VARIABLE the flags together when the compiler takes them without a warning.
AC_DEFUN([PGSLUICE_CFLAG], [
	AC_MSG_CHECKING([whether $CC accepts $2])
	pgsluice_saved_cflags=$CFLAGS
	CFLAGS="$CFLAGS -Werror $2"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[puts("");]])],
		[AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $2"])],
		[AC_MSG_RESULT([no])])
	CFLAGS=$pgsluice_saved_cflags
])

# PGSLUICE_LDFLAG(VARIABLE, FLAG...)
# The same for flags that only the linker sees.
AC_DEFUN([PGSLUICE_LDFLAG], [
	AC_MSG_CHECKING([whether the linker accepts $2])
	pgsluice_saved_ldflags=$LDFLAGS
	LDFLAGS="$LDFLAGS $2"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[puts("");]])],
		[AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $2"])],
		[AC_MSG_RESULT([no])])
	LDFLAGS=$pgsluice_saved_ldflags
])

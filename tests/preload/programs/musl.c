// SPDX-License-Identifier: GPL-2.0
/* A program that asks for musl's loader. */
int main(void)
{
	return 0;
}

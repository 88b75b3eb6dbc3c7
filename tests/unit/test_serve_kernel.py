"""What the server does with a kernel that it starts."""

from pathlib import Path

from opsnb.serve.kernel import PageKernel


def test_a_connection_file_that_its_kernel_is_writing_again_is_not_read(tmp_path: Path) -> None:
    kernel = PageKernel(connection_file=str(tmp_path / "kernel.json"))
    kernel.write_connection_file()
    written = kernel.get_connection_info()
    Path(kernel.connection_file).write_text("")
    kernel._reconcile_connection_info(written)
    assert kernel.get_connection_info() == written

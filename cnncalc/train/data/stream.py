"""Images that do not fit in memory: decoded batch by batch, in processes beside the training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from cnncalc.core.errors import CnncalcError
from cnncalc.train.data.fingerprint import digest_of_files, mark_of_size
from cnncalc.train.data.fit import ImageFit, centre_box
from cnncalc.train.data.image_box import ON_DISK, ImageBox, Unusable
from cnncalc.train.data.images import Crop, quiet_pillow, random_crop, read_pixels
from cnncalc.train.data.mask_files import MaskFiles
from cnncalc.train.data.read_ahead import Read, Reader, read_ahead


class StreamedSplit:
    """One part of a data set, as files that are read when they are needed.

    Args:
        paths: the files.
        labels: the target of each, as `Split.labels` has it.
        fit: what each becomes, and how.
        workers: processes that read; 0 for none beside the training itself.
        device: where batches arrive.
        masks: the targets, where they are masks.
        box: where the images lie.

    """

    in_memory = False
    floats = False

    def __init__(
        self,
        paths: Sequence[str],
        labels: torch.Tensor,
        fit: ImageFit,
        *,
        workers: int = 2,
        device: torch.device | None = None,
        masks: MaskFiles | None = None,
        box: ImageBox = ON_DISK,
    ) -> None:
        self._paths, self._box = paths, box
        self.labels = labels
        self.volume = fit.volume
        self._fit = fit
        self._workers = workers
        self._device = device or torch.device("cpu")
        self._masks = masks

    def __len__(self) -> int:
        return len(self._paths)

    def to(self, device: torch.device) -> StreamedSplit:
        """Return the same images, whose batches arrive on another device."""
        return self._with(self._paths, self.labels, device, self._masks)

    def subset(self, indices: torch.Tensor) -> StreamedSplit:
        """Return the images at some indices, in their order."""
        rows = indices.cpu()
        masks = self._masks and self._masks.at(rows.tolist())
        return self._with([self._paths[row] for row in rows.tolist()], self.labels[rows], self._device, masks)

    def digest(self) -> bytes:
        """Return the digest of the files' names and sizes (see `Split.digest`)."""
        masks = self._masks.paths if self._masks else ()
        marks = [mark_of_size(path, self._box) for path in self._paths]
        return digest_of_files([*self._paths, *masks], [*marks, *map(mark_of_size, masks)])

    def _with(
        self, paths: Sequence[str], labels: torch.Tensor, device: torch.device, masks: MaskFiles | None
    ) -> StreamedSplit:
        return StreamedSplit(paths, labels, self._fit, workers=self._workers, device=device, masks=masks, box=self._box)

    def batches(
        self, order: Sequence[torch.Tensor], *, seed: int | None = None
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield a batch for each tensor of indices (see `Split.batches`), and read the next ones meanwhile.

        Where images are cropped, each is cropped at random when there is a seed, and in the middle else.

        Raises:
            DataError: for a file that cannot be decoded, and where a process that reads is killed.

        """
        return read_ahead(self.reader(seed), order, workers=self._workers, device=self._device)

    def reader(self, seed: int | None) -> Reader:
        """Return what reads a batch (see `Split.reader`)."""
        return _FileReader(self._paths, self.labels, self._fit, seed, self._masks, self._box)


class _FileReader(Reader):
    """Reads whole batches, in the processes of a DataLoader."""

    def __init__(
        self,
        paths: Sequence[str],
        labels: torch.Tensor,
        fit: ImageFit,
        seed: int | None,
        masks: MaskFiles | None,
        box: ImageBox,
    ) -> None:
        self._paths, self._masks, self._box = paths, masks, box
        self._labels = labels
        self._fit = fit
        self._seed = seed

    def __getitem__(self, indices: list[int]) -> Read:
        """Return a batch. A fault comes back as text: from another process no error keeps its kind."""
        labels = self._labels[indices]
        try:
            with quiet_pillow():
                return self._read(indices), self._targets(indices), ""
        except Unusable as unusable:
            return torch.empty(0), labels, f"cannot read {unusable}"
        except CnncalcError as error:
            return torch.empty(0), labels, error.message

    def _read(self, indices: list[int]) -> torch.Tensor:
        volume = self._fit.volume
        pixels = torch.empty((len(indices), volume.channels, *volume.spatial), dtype=torch.uint8)
        for row, index in enumerate(indices):
            pixels[row] = read_pixels(self._paths[index], self._fit, self._crop(index), self._box).pixels
        return pixels

    def _targets(self, indices: list[int]) -> torch.Tensor:
        """Return the targets of a batch; a mask is cut as its image is, since the crop depends on the index alone."""
        if self._masks is None:
            return self._labels[indices]
        return torch.stack([self._masks.read(index, self._fit, self._crop(index)) for index in indices])

    def _crop(self, index: int) -> Crop:
        return centre_box if self._seed is None else random_crop(self._seed, index)

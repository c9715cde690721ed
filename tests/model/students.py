"""Networks in the way in which students write PyTorch: prints, asserts, sizes by hand, loops, flags, functions."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PrintsShapes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        print("after conv1:", x.shape)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        print(f"after conv2: {x.size()}")
        x = x.view(-1, self.num_flat_features(x))
        return self.fc2(F.relu(self.fc1(x)))

    def num_flat_features(self, x: Tensor) -> int:
        size = x.size()[1:]
        num_features = 1
        for s in size:
            num_features *= s
        return num_features


class AssertsSizes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 16 * 16, 10)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        assert c == 3, f"expected 3 channels, got {c}"
        assert h % 2 == 0 and w % 2 == 0
        if x.dim() != 4:
            raise ValueError("a batch of images")
        x = F.avg_pool2d(torch.relu(self.conv(x)), 2)
        assert x.size() == (b, 8, h // 2, w // 2)
        return self.fc(x.view(x.size(0), -1))


class NamedSequential(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            OrderedDict([("conv", nn.Conv2d(3, 8, 3)), ("bn", nn.BatchNorm2d(8)), ("act", nn.ReLU(inplace=True))])
        )
        self.features.add_module("pool", nn.MaxPool2d(2))
        self.classifier = nn.Sequential(OrderedDict(drop=nn.Dropout(0.5), out=nn.Linear(8 * 15 * 15, 10)))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.features(x), 1))


class LambdaLayer(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class OptionA(nn.Module):
    """The shortcut of ResNet-20 by a lambda."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.shortcut = LambdaLayer(lambda x: F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 3), "constant", 0))
        self.linear = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn1(self.conv1(x))
        out += self.shortcut(x)
        out = F.relu(out)
        out = F.avg_pool2d(out, out.size()[3])
        out = out.view(out.size(0), -1)
        return self.linear(out)


class EinsumPooling(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.score = nn.Conv2d(8, 1, 1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        a = torch.sigmoid(self.score(x))
        pooled = torch.einsum("bchw,bohw->bc", x, a) / (x.shape[2] * x.shape[3])
        return self.fc(pooled)


class EinsumMean(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        return self.fc(torch.einsum("nchw->nc", x) / (32 * 32))


class EinsumLinear(nn.Module):
    """A 1x1 convolution and a classifier by einsum."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.mix, self.out = nn.Parameter(torch.randn(6, 8)), nn.Parameter(torch.randn(6, 10))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.einsum("nchw,oc->nohw", self.conv(x), self.mix)
        return torch.einsum("bc,ck->bk", F.relu(x).amax((2, 3)), self.out)


class CatsList(nn.Module):
    """A dense block with a list that grows."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(3 + 4 * i, 4, 3, padding=1) for i in range(3)])
        self.head = nn.Linear(15, 10)

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self.layers:
            out = F.relu(layer(torch.cat(features, 1)))
            features.append(out)
        x = torch.cat(features, dim=1)
        return self.head(x.mean([2, 3]))


class LoopsWithIndex(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        widths = [3, 8, 16, 16]
        self.convs = nn.ModuleList()
        self.bns = nn.ModuleList()
        for i in range(len(widths) - 1):
            self.convs.append(nn.Conv2d(widths[i], widths[i + 1], 3, padding=1))
            self.bns.append(nn.BatchNorm2d(widths[i + 1]))
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        for i, (conv, bn) in enumerate(zip(self.convs, self.bns)):
            x = bn(conv(x))
            if i < len(self.convs) - 1:
                x = F.relu(x)
                x = F.max_pool2d(x, 2)
        return self.fc(x.mean(dim=(-2, -1)))


class AuxWhenTraining(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3)
        self.aux, self.fc = nn.Linear(8, 10), nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Any:
        x = F.relu(self.conv1(x))
        if self.training:
            aux = self.aux(F.adaptive_avg_pool2d(x, 1).flatten(1))
        x = F.relu(self.conv2(x))
        x = self.fc(F.adaptive_avg_pool2d(x, 1).squeeze(-1).squeeze(-1))
        if self.training:
            return x, aux
        return x


class Chunks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.left, self.right = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 1)
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        a, b = torch.chunk(self.stem(x), 2, dim=1)
        a = self.left(a) * torch.sigmoid(a)
        x = torch.cat((a, self.right(b)), 1)
        return self.fc(x.mean(3).mean(2))


class SwishByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        out = x * torch.sigmoid(x)
        out = out * torch.tanh(F.softplus(out))
        out = F.adaptive_max_pool2d(out, (1, 1))
        return F.log_softmax(self.fc(out.reshape(out.shape[0], -1)), dim=1)


class GeluByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3))))
        return self.fc(F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0])


class ReturnsDict(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.cls, self.box = nn.Conv2d(8, 4, 1), nn.Conv2d(8, 6, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = F.relu(self.conv(x))
        return {"classes": self.cls(x), "boxes": self.box(x)}


class BlockFactory(nn.Module):
    """make_layer with a list that is unpacked, and an expansion."""

    class Block(nn.Module):
        expansion = 2

        def __init__(self, inner: int, planes: int, stride: int = 1) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inner, planes, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(planes)
            self.conv2 = nn.Conv2d(planes, planes * 2, 3, stride, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(planes * 2)
            self.downsample = None
            if stride != 1 or inner != planes * 2:
                self.downsample = nn.Sequential(
                    nn.Conv2d(inner, planes * 2, 1, stride, bias=False), nn.BatchNorm2d(planes * 2)
                )

        def forward(self, x: Tensor) -> Tensor:
            residual = x
            out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
            if self.downsample is not None:
                residual = self.downsample(x)
            return F.relu(out + residual)

    def __init__(self) -> None:
        super().__init__()
        self.in_planes = 8
        self.conv1 = nn.Conv2d(3, 8, 3, 1, 1)
        self.layer1 = self._make_layer(8, 2, 1)
        self.layer2 = self._make_layer(16, 2, 2)
        self.fc = nn.Linear(32, 10)

    def _make_layer(self, planes: int, blocks: int, stride: int) -> nn.Sequential:
        layers = []
        for s in [stride] + [1] * (blocks - 1):
            layers.append(self.Block(self.in_planes, planes, s))
            self.in_planes = planes * 2
        return nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer2(self.layer1(self.conv1(x)))
        x = nn.AvgPool2d(kernel_size=x.shape[-1])(x)
        return self.fc(x.view(x.shape[0], x.shape[1]))


class SEByView(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(nn.Linear(16, 4), nn.ReLU(inplace=True), nn.Linear(4, 16), nn.Sigmoid())
        self.out = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        b, c, _, _ = x.size()
        y = self.avg_pool(x).view(b, c)
        y = self.fc(y).view(b, c, 1, 1)
        x = x * y.expand_as(x)
        return self.out(x.view(b, c, -1).mean(-1))


class SpatialAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.mask = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        avg_out = torch.mean(x, dim=1, keepdim=True)
        max_out, _ = torch.max(x, dim=1, keepdim=True)
        return x * torch.sigmoid(self.mask(torch.cat([avg_out, max_out], dim=1)))


class SoftmaxAttentionPool(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.attention = nn.Conv2d(8, 1, 1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        n, c, h, w = x.shape
        a = F.softmax(self.attention(x).view(n, 1, h * w), dim=2)
        v = x.view(n, c, h * w)
        return self.fc((v * a).sum(2))


class MatmulPool(nn.Module):
    """The same by a matrix product of batches."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.attention = nn.Conv2d(8, 1, 1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        n, c, h, w = x.shape
        a = F.softmax(self.attention(x).view(n, h * w, 1), dim=1)
        return self.fc(torch.bmm(x.view(n, c, h * w), a).squeeze(2))


class UNetWithPad(nn.Module):
    """The skip is padded to the size of what comes up, as milesial's U-Net does."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.conv = nn.Conv2d(24, 8, 3, padding=1)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x1 = F.relu(self.down1(x))
        x2 = F.relu(self.down2(F.max_pool2d(x1, 2)))
        x2 = self.up(x2)
        dy = x1.size()[2] - x2.size()[2]
        dx = x1.size()[3] - x2.size()[3]
        x2 = F.pad(x2, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.out(F.relu(self.conv(torch.cat([x1, x2], dim=1))))


class UpsamplesToSkip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        input_shape = x.shape[-2:]
        a = F.relu(self.a(x))
        b = F.relu(self.b(a))
        b = F.interpolate(b, size=a.shape[2:], mode="bilinear", align_corners=False)
        return F.interpolate(self.out(a + b), size=input_shape, mode="nearest")


class Siamese(nn.Module):
    """A helper that runs one branch on two sizes of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.cnn = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc = nn.Linear(8, 2)

    def forward_once(self, x: Tensor) -> Tensor:
        return self.cnn(x)

    def forward(self, x: Tensor) -> Tensor:
        one, two = self.forward_once(x), self.forward_once(F.avg_pool2d(x, 2))
        return self.fc(torch.abs(one - two))


class Shuffle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1)
        self.dw = nn.Conv2d(8, 8, 3, padding=1, groups=8)

    def channel_shuffle(self, x: Tensor, groups: int) -> Tensor:
        batchsize, num_channels, height, width = x.data.size()
        x = x.view(batchsize, groups, num_channels // groups, height, width)
        x = torch.transpose(x, 1, 2).contiguous()
        return x.view(batchsize, -1, height, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.dw(self.channel_shuffle(self.conv(x), 2))


class LastHidden(nn.Module):
    """Functions of `torch` in place of modules: squeeze, unsqueeze, permute."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(3, 8, 5), nn.Conv1d(8, 8, 3)
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool1d(F.elu(self.conv1(x)), kernel_size=2)
        x = F.leaky_relu(self.conv2(x), 0.2)
        x = x.permute(0, 2, 1)
        x = self.fc(x)
        x = torch.max(x, dim=1)[0]
        return torch.softmax(x, -1)


class DropsAndScales(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1, self.dropout2 = nn.Dropout2d(0.25), nn.Dropout2d(0.5)
        self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x / 255.0
        x = (x - 0.1307) / 0.3081
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        x = self.dropout1(F.max_pool2d(x, 2))
        x = F.dropout(F.relu(self.fc1(torch.flatten(x, 1))), p=0.5, training=self.training)
        output = F.log_softmax(self.fc2(x), dim=1)
        return output


class NormalisesByBuffers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv((x - self.mean) / self.std)


class GlobalContext(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.key = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 1, 1)
        self.transform = nn.Sequential(nn.Conv2d(8, 2, 1), nn.ReLU(), nn.Conv2d(2, 8, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        b, c, h, w = x.size()
        context = x.view(b, c, h * w).unsqueeze(1)
        mask = self.key(x).view(b, 1, h * w)
        mask = nn.functional.softmax(mask, dim=2).unsqueeze(-1)
        context = torch.matmul(context, mask).view(b, c, 1, 1)
        return x + self.transform(context)


class WithHelperModules(nn.Module):
    """Small modules that only rename functions."""

    class Flatten(nn.Module):
        def forward(self, input: Tensor) -> Tensor:
            return input.view(input.size(0), -1)

    class Identity(nn.Module):
        def forward(self, input: Tensor) -> Tensor:
            return input

    class Swish(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mul_(x.sigmoid())

    class HSigmoid(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.relu6(x + 3.0, inplace=True) / 6.0

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 8, 3), self.Swish(), self.Identity(), nn.Conv2d(8, 4, 3), self.HSigmoid(), self.Flatten()
        )
        self.out = nn.Linear(4 * 28 * 28, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.net(x))


class SkipsByDictionary(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleDict({f"block{i}": nn.Conv2d(3 if i == 0 else 8, 8, 3, padding=1) for i in range(3)})
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        outputs = {}
        for name, block in self.blocks.items():
            x = torch.relu(block(x))
            outputs[name] = x
        x = outputs["block0"] + outputs["block2"]
        x = sum([x, outputs["block1"]])
        return self.fc(torch.mean(x.flatten(2), dim=-1))


class ConfigList(nn.Module):
    """VGG by a configuration, with He's initialisation in a loop over the modules."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        in_channels = 3
        for v in [8, "M", 16, 16, "M"]:
            if v == "M":
                layers += [nn.MaxPool2d(2, 2)]
            else:
                assert isinstance(v, int)
                layers += [nn.Conv2d(in_channels, v, 3, padding=1), nn.BatchNorm2d(v), nn.ReLU(True)]
                in_channels = v
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(16 * 8 * 8, 10)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight)

    def forward(self, x: Tensor) -> Tensor:
        out = self.features(x)
        out = out.view(len(out), -1)
        return self.classifier(out)


class InceptionList(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branch1 = nn.Conv2d(3, 4, 1)
        self.branch3 = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 3, padding=1))
        self.pool = nn.Conv2d(3, 4, 1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        pool = self.pool(F.avg_pool2d(x, kernel_size=3, stride=1, padding=1))
        return [self.branch1(x), self.branch3(x), pool]

    def forward(self, x: Tensor) -> Tensor:
        outputs = self._forward(x)
        return torch.cat(outputs, 1)


class RepeatsAndStacks(nn.Module):
    """Grey to colour, a stack of scales and their mean."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.heads = nn.ModuleList([nn.Conv2d(4, 2, 1) for _ in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] == 1:
            x = x.repeat(1, 3, 1, 1)
        x = self.conv(x)
        outs = torch.stack([head(x) for head in self.heads], dim=0)
        return outs.mean(0)


class TernaryAndNone(nn.Module):
    def __init__(self, norm: bool = True, act: str = "lrelu") -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1, bias=not norm)
        self.norm = nn.InstanceNorm2d(8, affine=True) if norm else None
        self.act = {"relu": F.relu, "lrelu": lambda x: F.leaky_relu(x, 0.1)}[act]
        self.drop = nn.Identity()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        out = self.conv(x)
        out = self.norm(out) if self.norm is not None else out
        if mask is not None:
            out = out * mask
        return self.drop(self.act(out)).sum(dim=1, keepdim=True).clamp(min=0)


class Distance(nn.Module):
    """Squares, roots and a normalised embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x)).mean((2, 3))
        x = self.fc(x)
        return x / x.norm(p=2, dim=1, keepdim=True).clamp(min=1e-12)


class StochasticDepth(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.p = 0.8

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            if torch.rand(1).item() < self.p:
                return F.relu(self.conv(x) + x)
            return x
        return F.relu(self.conv(x) * self.p + x)


class GroupsByHand(nn.Module):
    """AlexNet's two towers by slices."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.a, self.b = nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        half = x.size(1) // 2
        return torch.cat([self.a(x[:, :half]), self.b(x[:, half:, :, :])], dim=1)


class MatrixByHand(nn.Module):
    """A classifier of a matrix and a vector, on the largest value of each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.w1, self.b1 = nn.Parameter(torch.randn(8, 6)), nn.Parameter(torch.zeros(6))
        self.w2, self.b2 = nn.Parameter(torch.randn(6, 4)), nn.Parameter(torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x).max(dim=3).values.max(dim=2).values
        x = torch.relu(x @ self.w1 + self.b1)
        return torch.addmm(self.b2, x, self.w2)


class LearnedSum(nn.Module):
    """Two branches, weighted by a softmax of two learned numbers (BiFPN)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 8, 1)
        self.w = nn.Parameter(torch.ones(2))

    def forward(self, x: Tensor) -> Tensor:
        w = F.softmax(self.w, dim=0)
        return F.silu(w[0] * self.conv1(x) + w[1] * self.conv2(x))


NETWORKS: dict[str, tuple[type[nn.Module], str]] = {
    kind.__name__: (kind, "1" if kind is DropsAndScales else "60x3" if kind is LastHidden else "32x32x3")
    for kind in list(globals().values())
    if isinstance(kind, type)
    and issubclass(kind, nn.Module)
    and kind.__module__ == __name__
    and kind is not LambdaLayer
}
NETWORKS["DropsAndScales"] = (DropsAndScales, "28x28x1")

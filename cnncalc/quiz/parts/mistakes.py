"""The usual mistakes by name: what a wrong answer is explained with, each a clause in the past."""

from __future__ import annotations

from cnncalc.quiz.parts.phrases import Bilingual

# ---- sizes
PADDING_FORGOTTEN = Bilingual("the padding was forgotten", "패딩을 빠뜨렸다")
PADDING_ONCE = Bilingual("the padding was counted on one side only", "패딩을 한쪽만 셌다")
PADDING_ADDED = Bilingual("padding was added, and the layer has no padding", "없는 패딩을 더했다")
PADDING_WRONG_WAY = Bilingual("the padding was added, and it is taken away here", "빼야 할 패딩을 더했다")
PLUS_ONE_FORGOTTEN = Bilingual("the + 1 was forgotten", "마지막에 1을 더하지 않았다")
ONE_TOO_MANY = Bilingual("one too many was counted", "하나를 더 셌다")
ONE_TOO_FEW = Bilingual("one too few was counted", "하나를 덜 셌다")
STRIDE_FORGOTTEN = Bilingual("the stride was forgotten", "스트라이드를 빠뜨렸다")
KERNEL_FORGOTTEN = Bilingual("the size of the filter was not subtracted", "필터의 크기를 빼지 않았다")
ONLY_DIVIDED = Bilingual("the size was only divided by the stride", "크기를 스트라이드로 나누기만 했다")
DILATION_FORGOTTEN = Bilingual("the dilation was forgotten", "팽창을 빠뜨렸다")
DILATION_TIMES_KERNEL = Bilingual(
    "the dilated filter was taken to be D·F wide, and it is D·(F − 1) + 1 wide",
    "팽창된 필터의 폭을 D·F로 잘못 계산했다. 올바른 폭은 D·(F − 1) + 1이다",
)
INPUT_CHANNELS = Bilingual(
    "the channels of the input were kept, and the output has one channel for each filter",
    "입력의 채널 수를 그대로 썼다. 출력의 채널 수는 필터의 수와 같다",
)
ONE_CHANNEL = Bilingual("the channels of the output were forgotten", "출력의 채널을 빠뜨렸다")
CHANNELS_POOLED = Bilingual(
    "the channels were pooled too, and pooling keeps them", "채널까지 줄였다. 풀링은 채널 수를 바꾸지 않는다"
)
ROUNDED_UP = Bilingual("the quotient was rounded up", "나눗셈의 결과를 올림했다")
ROUNDED_DOWN = Bilingual("the quotient was rounded down", "나눗셈의 결과를 버림했다")
LAST_LAYER_FORGOTTEN = Bilingual("the last layer was forgotten", "마지막 층을 빠뜨렸다")
ONLY_LAST_LAYER = Bilingual("only the last layer was counted", "마지막 층만 셌다")
ONLY_FIRST_LAYER = Bilingual("only the first layer was counted", "첫 층만 셌다")
POOLS_FORGOTTEN = Bilingual("the pooling was forgotten", "풀링을 빠뜨렸다")
ORDINARY_CONVOLUTION = Bilingual("the formula of an ordinary convolution was used", "일반 합성곱의 식을 사용했다")
SAME_FOR_VALID = Bilingual("“same” was mixed up with “valid”", "“same”과 “valid”를 혼동했다")
WIDTH_FIRST = Bilingual("the width was written before the height", "너비를 높이보다 먼저 썼다")
CHANNELS_FIRST = Bilingual(
    "the channels were written first, as PyTorch orders them", "PyTorch의 순서처럼 채널을 먼저 썼다"
)
ADDED_SIZES = Bilingual("the sizes were added, and not multiplied", "크기를 곱하지 않고 더했다")
BYTES_COUNTED = Bilingual("bytes were counted, and not numbers", "수의 개수가 아니라 바이트를 셌다")

# ---- parameters and multiplications
BIAS_FORGOTTEN = Bilingual("the biases were forgotten", "편향을 빠뜨렸다")
BIAS_COUNTED = Bilingual("biases were counted, and there are none", "없는 편향을 셌다")
OWN_BIAS_FORGOTTEN = Bilingual("the bias was forgotten", "편향을 빠뜨렸다")
ONE_BIAS = Bilingual(
    "one bias was counted for the whole layer, and each output has its own", "편향을 층 전체에 하나만 셌다"
)
DEPTH_FORGOTTEN = Bilingual(
    "the depth of the filters was forgotten, and a filter covers all channels of its input",
    "필터의 깊이를 빠뜨렸다. 필터는 입력의 모든 채널을 덮는다",
)
CHANNELS_FORGOTTEN = Bilingual("the channels were forgotten", "채널을 빠뜨렸다")
FILTERS_FORGOTTEN = Bilingual("only one filter was counted", "필터를 하나만 셌다")
NOT_SHARED = Bilingual(
    "weights were counted at every position, and all positions share them",
    "위치마다 가중치를 따로 셌다. 가중치는 모든 위치가 공유한다",
)
SHARED = Bilingual(
    "one set of weights was counted for all positions, and nothing is shared here",
    "모든 위치가 가중치를 공유한다고 보았다. 여기서는 공유하지 않는다",
)
ONE_SIDE = Bilingual("the size of the filter was not squared", "필터의 크기를 제곱하지 않았다")
BIAS_MULTIPLIED = Bilingual(
    "the biases were counted as multiplications, and they are added", "편향을 곱셈으로 셌다. 편향은 더하기만 한다"
)
INPUT_POSITIONS = Bilingual(
    "the positions of the input were counted, and not those of the output",
    "출력의 위치가 아니라 입력의 위치를 셌다",
)
PARAMETERS_COUNTED = Bilingual("parameters were counted, and not multiplications", "곱셈이 아니라 파라미터를 셌다")
GROUPS_FORGOTTEN = Bilingual(
    "the groups were forgotten, and each filter sees the channels of its own group only",
    "그룹을 빠뜨렸다. 필터는 자기 그룹의 채널만 본다",
)
GROUPS_TWICE = Bilingual("the number of filters was divided by the groups too", "필터의 수까지 그룹 수로 나눴다")
ONE_LAYER = Bilingual("only one of the layers was counted", "층 하나만 셌다")
IMAGE_CHANNELS_EVERYWHERE = Bilingual(
    "the channels of the image were taken for every layer", "모든 층에서 이미지의 채널 수를 썼다"
)
STATISTICS_COUNTED = Bilingual(
    "the running mean and variance were counted, and they are not learned",
    "학습하지 않는 이동 평균과 이동 분산까지 셌다",
)
NORMALISATION_FORGOTTEN = Bilingual("the batch normalisation was forgotten", "배치 정규화를 빠뜨렸다")
ONE_FOR_EACH_CHANNEL = Bilingual(
    "one parameter was counted for each channel of the batch normalisation, and there are two",
    "배치 정규화의 파라미터를 채널마다 하나만 셌다. 채널마다 둘이다",
)

# ---- receptive fields
KERNELS_ADDED = Bilingual(
    "the sizes of the filters were added; each layer adds only F − 1",
    "필터의 크기를 그대로 더했다. 층마다 F − 1만 늘어난다",
)
STRIDES_FORGOTTEN = Bilingual("the strides of the earlier layers were forgotten", "앞 층의 스트라이드를 빠뜨렸다")
OWN_STRIDE_TOO_EARLY = Bilingual(
    "a layer's own stride was used for itself, and it counts only for later layers",
    "층 자신의 스트라이드를 그 층에 곱했다. 스트라이드는 그다음 층부터 곱한다",
)
STRIDES_ADDED = Bilingual("the strides were added, and not multiplied", "스트라이드를 곱하지 않고 더했다")
LAST_STRIDE = Bilingual("only the stride of the last layer was taken", "마지막 층의 스트라이드만 썼다")
KERNELS_MULTIPLIED = Bilingual("the sizes of the filters were multiplied", "필터의 크기를 서로 곱했다")
FIELD_DIVIDED = Bilingual(
    "the receptive field was divided by the size of the filter", "수용 영역을 필터의 크기로 나눴다"
)

# ---- what fits
NOT_WHOLE = Bilingual("it does not fit: {sum}", "맞지 않는다: {sum}")
FITS = Bilingual("it fits: {sum}", "맞는다: {sum}")

# ---- values
FLIPPED = Bilingual(
    "the filter was flipped, and a convolutional layer does not flip it",
    "필터를 뒤집었다. 합성곱층은 필터를 뒤집지 않는다",
)
TRANSPOSED = Bilingual("rows and columns were mixed up", "행과 열을 혼동했다")
NEIGHBOUR = Bilingual("the window of another position was taken", "다른 위치의 창을 썼다")
WINDOW_SUM = Bilingual("the window was added up without the filter", "필터를 곱하지 않고 창의 값을 더했다")
ONE_INPUT_CHANNEL = Bilingual("only the first channel was counted", "첫 채널만 셌다")
SMALLEST = Bilingual("the smallest values were taken, and not the largest", "최댓값이 아니라 최솟값을 썼다")
MEAN_TAKEN = Bilingual("the means were taken, and not the largest values", "최댓값이 아니라 평균을 썼다")
LARGEST_TAKEN = Bilingual("the largest value was taken, and not the mean", "평균이 아니라 최댓값을 썼다")
NOT_DIVIDED = Bilingual("the sum was not divided by the number of values", "합을 값의 개수로 나누지 않았다")
FIRST_TAKEN = Bilingual("the first value of each window was taken", "창마다 첫 값을 썼다")
STRIDE_ONE = Bilingual("the window was moved by 1", "창을 1칸씩 옮겼다")
RELU_FORGOTTEN = Bilingual("the ReLU was forgotten", "ReLU를 빠뜨렸다")
SIGN_DROPPED = Bilingual(
    "the sign was dropped, and ReLU makes 0 of what is negative", "부호만 뗐다. ReLU는 음수를 0으로 만든다"
)
BIAS_AFTER_RELU = Bilingual("the bias was added after the ReLU", "편향을 ReLU 뒤에 더했다")
GRADIENT_SPREAD = Bilingual(
    "the gradient was spread over the window, as for mean pooling", "평균 풀링처럼 기울기를 창 전체에 나눴다"
)
GRADIENT_TO_ALL = Bilingual(
    "every value of the window was given the gradient, and only the largest gets it",
    "창의 모든 값에 기울기를 주었다. 기울기는 최댓값에만 전달된다",
)
GRADIENT_TO_FIRST = Bilingual("the first value of each window was given the gradient", "창마다 첫 값에 기울기를 주었다")
GRADIENT_IGNORED = Bilingual("the gradient of the output was taken to be 1", "출력의 기울기를 1로 보았다")
GRADIENT_FILTERED = Bilingual(
    "the gradient was multiplied with the filter, and not with the input", "입력이 아니라 필터에 기울기를 곱했다"
)

# ---- design
BUDGET_EXCEEDED = Bilingual(
    "the quotient was rounded up, and the budget is exceeded", "나눗셈의 결과를 올림해 예산을 넘는다"
)
ANOTHER_SIZE = Bilingual("the output would be {size}", "이때 출력의 크기는 {size}이다")
MORE_THAN = Bilingual("it has {count} parameters, which is more", "파라미터가 {count}개로 더 많다")

# ---- of single kinds
MINUS_ONE_FORGOTTEN = Bilingual(
    "the size itself was multiplied by the stride, and it is W − 1 that is multiplied",
    "W에 스트라이드를 곱했다. W − 1에 곱해야 한다",
)
ONLY_MULTIPLIED = Bilingual("the size was only multiplied by the stride", "크기에 스트라이드를 곱하기만 했다")
SIDE_ONCE = Bilingual("the size of the volume was not squared", "볼륨의 크기를 제곱하지 않았다")
EVERY_FILTER = Bilingual(
    "all filters were counted, and a single value comes from one of them",
    "필터를 모두 셌다. 출력값 하나는 필터 하나에서 나온다",
)
OUTPUTS_FORGOTTEN = Bilingual("only one output was counted", "출력을 하나만 셌다")
ONE_LARGE_FILTER = Bilingual(
    "the weights of a single larger filter were counted, which sees as much",
    "같은 영역을 보는 큰 필터 하나의 가중치를 셌다",
)
BOTTLENECK_FORGOTTEN = Bilingual("the 1x1 convolution was left out", "1x1 합성곱을 빠뜨렸다")
DEPTHWISE_FORGOTTEN = Bilingual(
    "an ordinary convolution was counted in place of both", "두 층 대신 일반 합성곱 하나를 셌다"
)
ONE_LAYER_TOO_MANY = Bilingual("one layer too many was counted", "층을 하나 더 셌다")
WHOLE_FIELD_DIVIDED = Bilingual(
    "R was divided by F − 1, and it is R − 1 that is divided", "R을 F − 1로 나눴다. R − 1을 나눠야 한다"
)
ONE_STEP_EACH = Bilingual("each layer was taken to add 1", "층마다 1씩 늘어난다고 보았다")
KERNELS_FOR_STRIDES = Bilingual(
    "the size of the last filter was taken, and only strides count here",
    "마지막 필터의 크기를 썼다. 여기서는 스트라이드만 센다",
)
STRIDES_DOUBLED = Bilingual("one pooling too many was counted", "풀링을 하나 더 셌다")
WINDOWS_SIDE_BY_SIDE = Bilingual(
    "the windows were taken to stand side by side, and they move by the stride",
    "창이 겹치거나 떨어지지 않는다고 보았다. 창은 스트라이드만큼 움직인다",
)
LAST_WINDOW_FORGOTTEN = Bilingual("the last window was forgotten", "마지막 창을 빠뜨렸다")
ALL_FIT_NOT = Bilingual("one of them does not fit: {sum}", "맞지 않는 층이 있다: {sum}")
FITS_HERE = Bilingual("this layer fits, and makes {size}", "이 층은 맞으며 출력의 크기는 {size}이다")
NEVER_REACHED = Bilingual("an earlier layer does not fit", "그보다 앞의 층이 이미 맞지 않는다")
DIVIDED_BY_SIDE = Bilingual(
    "the sum was divided by F, and a window has F·F values", "합을 F로 나눴다. 창에는 값이 F·F개 있다"
)
BIAS_SUBTRACTED = Bilingual("the bias was subtracted", "편향을 뺐다")
WEIGHTS_FORGOTTEN = Bilingual("the weights were forgotten", "가중치를 빠뜨렸다")
FLIPPED_GRADIENT = Bilingual(
    "the gradient was flipped, which only the gradient of the input needs",
    "기울기를 뒤집었다. 뒤집는 것은 입력의 기울기를 구할 때뿐이다",
)
ONE_POSITION = Bilingual("a single position was counted, and not all of them", "위치를 하나만 셌다")
SEES_LESS = Bilingual("its receptive field is {field} only", "수용 영역이 {field}뿐이다")

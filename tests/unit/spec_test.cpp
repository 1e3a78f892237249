// SPDX-License-Identifier: Apache-2.0
//
// Spec: what is refused and how the message helps, the arithmetic of lengths, and the identity of specs.
#include "lighthouse_ops/Spec.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace lighthouse;

/// The least spec with three levels: one tile, 128 windows of 16 tokens.
static Spec threeLevels() {
  return {.num_heads = 8, .num_kv_heads = 2, .seq_len = 2048, .head_dim = 64, .num_levels = 3, .pooling_factor = 4};
}

/// The message of a refusal, or "allowed".
static std::string refusal(const Spec &spec) {
  try {
    spec.validate();
  } catch (const InvalidArgument &error) {
    return error.what();
  }
  return "allowed";
}

struct BadSpec {
  const char *what;
  void (*change)(Spec &);
  const char *message;
};

static const BadSpec kBadSpecs[] = {
    {"no batch", [](Spec &s) { s.batch = 0; }, "batch: expects at least 1, but got 0"},
    {"no heads", [](Spec &s) { s.num_heads = 0; }, "num_heads: expects at least 1, but got 0"},
    {"negative key heads", [](Spec &s) { s.num_kv_heads = -2; }, "num_kv_heads: expects at least 1, but got -2"},
    {"key heads that do not divide", [](Spec &s) { s.num_kv_heads = 6; },
     "num_kv_heads: expects a divisor of num_heads=8, but got 6; 2 fits"},
    {"more key heads than heads", [](Spec &s) { s.num_kv_heads = 16; },
     "num_kv_heads: expects a divisor of num_heads=8, but got 16; 8 fits"},
    {"no tokens", [](Spec &s) { s.seq_len = 0; }, "seq_len: expects at least 1, but got 0"},
    {"odd head size", [](Spec &s) { s.head_dim = 60; },
     "head_dim: expects a multiple of 8 from 8 to 256, but got 60; 64 fits"},
    {"negative head size", [](Spec &s) { s.head_dim = -8; },
     "head_dim: expects a multiple of 8 from 8 to 256, but got -8; 8 fits"},
    {"large head size", [](Spec &s) { s.head_dim = 264; },
     "head_dim: expects a multiple of 8 from 8 to 256, but got 264; 256 fits"},
    {"no levels", [](Spec &s) { s.num_levels = 0; }, "num_levels: expects 1 to 8, but got 0"},
    {"nine levels", [](Spec &s) { s.num_levels = 9; }, "num_levels: expects 1 to 8, but got 9"},
    {"pooling by three", [](Spec &s) { s.pooling_factor = 3; },
     "pooling_factor: expects a power of two from 2 to 64, but got 3; 2 fits"},
    {"pooling by one", [](Spec &s) { s.pooling_factor = 1; },
     "pooling_factor: expects a power of two from 2 to 64, but got 1; 2 fits"},
    {"pooling by 128", [](Spec &s) { s.pooling_factor = 128; },
     "pooling_factor: expects a power of two from 2 to 64, but got 128; 64 fits"},
    {"least integer of pooling", [](Spec &s) { s.pooling_factor = std::numeric_limits<int64_t>::min(); },
     "pooling_factor: expects a power of two from 2 to 64, but got -9223372036854775808; 2 fits"},
    {"topk of 200", [](Spec &s) { s.topk = 200; }, "topk: expects a positive multiple of 128, but got 200; 128 fits"},
    {"no topk", [](Spec &s) { s.topk = 0; }, "topk: expects a positive multiple of 128, but got 0; 128 fits"},
    {"negative topk", [](Spec &s) { s.topk = -128; },
     "topk: expects a positive multiple of 128, but got -128; 128 fits"},
    {"negative scale", [](Spec &s) { s.scale = -0.5; }, "but got -0.5"},
    {"NaN scale", [](Spec &s) { s.scale = std::nan(""); }, "scale: expects a finite number above 0"},
    {"infinite scale", [](Spec &s) { s.scale = std::numeric_limits<double>::infinity(); }, "but got inf"},
    {"scale that is 0 in float32", [](Spec &s) { s.scale = 1e-50; }, "or 0 for 1/sqrt(head_dim), but got 1e-50"},
    {"scale that is infinite in float32", [](Spec &s) { s.scale = 1e39; }, "but got 1e+39"},
    {"largest integers of heads",
     [](Spec &s) { s.num_heads = std::numeric_limits<int64_t>::max(), s.num_kv_heads = s.num_heads - 1; },
     "num_kv_heads: expects a divisor of num_heads=9223372036854775807, but got 9223372036854775806; 1 fits"},
    {"more elements than int64 counts", [](Spec &s) { s.batch = std::numeric_limits<int64_t>::max(); },
     "batch * num_heads * entries * head_dim to be at most 2^48, but got 9223372036854775807 * 8 * 2688 * 64"},
    {"entry numbers beyond int32", [](Spec &s) { s.seq_len = 1700000000; },
     "but got 2231250000 for 1700000000 tokens; 1636178016 fits"},
    {"longest seq_len", [](Spec &s) { s.seq_len = std::numeric_limits<int64_t>::max(); },
     "seq_len: expects at most 2147483647, but got 9223372036854775807"},
    {"largest topk", [](Spec &s) { s.topk = std::numeric_limits<int64_t>::max() / 128 * 128; },
     "the largest topk that fits is 128"},
    {"dilation of 0", [](Spec &s) { s.scorer = Scorer::Dilated, s.dilation = 0; },
     "dilation: expects 1 to seq_len=2048, but got 0; 4 fits"},
    {"dilation beyond the tokens", [](Spec &s) { s.scorer = Scorer::Dilated, s.dilation = 2049; },
     "dilation: expects 1 to seq_len=2048, but got 2049; 4 fits"},
    {"classes of gated linear attention", [](Spec &s) { s.scorer = Scorer::Gla, s.dilation = -4; },
     "dilation: expects 1 to seq_len=2048, but got -4; 4 fits"},
    {"gather of one level", [](Spec &s) { s.op = OpKind::Gather, s.num_levels = 1; },
     "num_levels: expects 2 to 8 for op=gather, but got 1"},
};

TEST(Spec, RefusalsNameTheFix) {
  EXPECT_EQ(refusal(threeLevels()), "allowed");
  for (const BadSpec &bad : kBadSpecs) {
    Spec spec = threeLevels();
    bad.change(spec);
    EXPECT_NE(refusal(spec).find(bad.message), std::string::npos) << bad.what << ": " << refusal(spec);
  }
}

TEST(Spec, LargestSizesThatTheMessagesNameFit) {
  Spec spec = threeLevels();
  spec.seq_len = 1636178016;
  EXPECT_EQ(refusal(spec), "allowed");
  spec.seq_len += 1;
  EXPECT_NE(refusal(spec).find("1636178016 fits"), std::string::npos) << refusal(spec);
}

TEST(Spec, TooShortNamesLeastLengthAndLargestTopk) {
  Spec spec = threeLevels();
  spec.topk = 1536;
  spec.seq_len = 5000;
  EXPECT_EQ(refusal(spec), "seq_len: expects 128 windows of 16 tokens (pooling_factor=4, num_levels=3) in each of the "
                           "topk/128=12 tiles, that is at least 24385 tokens, but got 5000; the largest topk that fits "
                           "is 256");
  spec.seq_len = 24385;
  EXPECT_EQ(refusal(spec), "allowed");
  EXPECT_EQ(spec.paddedLength(), 12 * 128 * 16);
  spec.seq_len = 24384;
  EXPECT_NE(refusal(spec).find("at least 24385 tokens, but got 24384; the largest topk that fits is 1408"),
            std::string::npos)
      << refusal(spec);
  spec.seq_len = 5000;
  spec.topk = 256;
  EXPECT_EQ(refusal(spec), "allowed");
}

TEST(Spec, TooShortForAnyTopkNamesFewerLevels) {
  Spec spec = threeLevels();
  spec.seq_len = 1000;
  EXPECT_NE(refusal(spec).find("no topk fits (128 needs 2033 tokens); num_levels=2 with topk=128 fits"),
            std::string::npos)
      << refusal(spec);
  spec.num_levels = 2;
  EXPECT_EQ(refusal(spec), "allowed");
  spec.seq_len = 508;
  EXPECT_NE(refusal(spec).find("no topk fits (128 needs 509 tokens); num_levels=1 (plain causal attention) fits"),
            std::string::npos)
      << refusal(spec);
  spec.seq_len = 509;
  EXPECT_EQ(refusal(spec), "allowed");
}

TEST(Spec, MoreHeadsThanTokensAskForTheLayout) {
  Spec spec = threeLevels();
  spec.seq_len = 8;
  spec.num_heads = spec.num_kv_heads = 8192;
  EXPECT_NE(refusal(spec).find("but got 8 and num_heads=8192 (is the layout [B, H, N, D]?); no topk fits"),
            std::string::npos)
      << refusal(spec);
}

/// Every length from 1 on is allowed exactly when 128 coarsest windows of each tile hold it once rounded up.
TEST(Spec, RoundedUpLengthsDecide) {
  Spec spec = {.head_dim = 8, .num_levels = 2, .pooling_factor = 2, .topk = 384};
  int64_t unit = 3 * 2;
  for (spec.seq_len = 1; spec.seq_len < 2000; ++spec.seq_len) {
    int64_t padded = (spec.seq_len + unit - 1) / unit * unit;
    ASSERT_EQ(refusal(spec) == "allowed", padded / unit >= 128) << spec.seq_len;
    ASSERT_EQ(spec.paddedLength(), padded);
    ASSERT_EQ(spec.tileLength() * 3, padded);
  }
}

struct Lengths {
  int64_t seq_len, num_levels, pooling_factor, topk; ///< given
  int64_t tiles, padded, subsequence, tile;          ///< expected
};

TEST(Spec, Lengths) {
  const Lengths cases[] = {
      {98304, 3, 4, 1536, 12, 98304, 18432, 8192}, {4096, 3, 4, 128, 1, 4096, 1280, 4096},
      {2048, 4, 2, 128, 1, 2048, 1024, 2048},      {2048, 2, 2, 512, 4, 2048, 2048, 512},
      {2048, 2, 8, 128, 1, 2048, 1280, 2048},      {8000, 3, 4, 256, 2, 8000, 2548, 4000},
      {8001, 3, 4, 256, 2, 8032, 2550, 4016},      {77, 1, 4, 512, 1, 77, 77, 77},
  };
  for (const Lengths &c : cases) {
    Spec spec = {.seq_len = c.seq_len,
                 .head_dim = 64,
                 .num_levels = c.num_levels,
                 .pooling_factor = c.pooling_factor,
                 .topk = c.topk};
    EXPECT_EQ(refusal(spec), "allowed");
    EXPECT_EQ(spec.numTiles(), c.tiles) << spec.str();
    EXPECT_EQ(spec.paddedLength(), c.padded) << spec.str();
    EXPECT_EQ(spec.subsequenceLength(), c.subsequence) << spec.str();
    EXPECT_EQ(spec.tileLength(), c.tile) << spec.str();
  }
}

TEST(Spec, DilationIsThatOfTheScorer) {
  Spec spec = threeLevels();
  spec.dilation = 0;
  EXPECT_EQ(refusal(spec), "allowed") << "norms have none";
  for (Scorer scorer : {Scorer::Dilated, Scorer::Gla})
    for (int64_t dilation : {int64_t(1), int64_t(3), spec.seq_len}) {
      spec.scorer = scorer;
      spec.dilation = dilation;
      EXPECT_EQ(refusal(spec), "allowed") << dilation;
    }
}

TEST(Spec, OneLevelIgnoresThePyramid) {
  Spec plain = {.seq_len = 3, .head_dim = 8}, other = plain;
  other.pooling_factor = 0;
  other.topk = -7;
  other.scorer = Scorer::Dilated;
  other.dilation = 0;
  EXPECT_EQ(refusal(other), "allowed");
  EXPECT_EQ(other.str(), plain.str());
}

TEST(Spec, StrTellsSpecsApart) {
  EXPECT_EQ(threeLevels().str(),
            "op=attention, dtype=float32, scorer=norm, batch=1, num_heads=8, num_kv_heads=2, "
            "seq_len=2048, head_dim=64, num_levels=3, pooling_factor=4, topk=128, scale=0.125, dilation=4");
  void (*const changes[])(Spec &) = {
      [](Spec &s) { s.op = OpKind::Gather; },
      [](Spec &s) { s.dtype = DType::BFloat16; },
      [](Spec &s) { s.batch = 2; },
      [](Spec &s) { s.num_heads = 4; },
      [](Spec &s) { s.num_kv_heads = 1; },
      [](Spec &s) { s.seq_len = 2049; },
      [](Spec &s) { s.head_dim = 72; },
      [](Spec &s) { s.num_levels = 2; },
      [](Spec &s) { s.pooling_factor = 2; },
      [](Spec &s) { s.topk = 256; },
      [](Spec &s) { s.scale = 0.125 * 1.001; },
      [](Spec &s) { s.op = OpKind::Scatter; },
      [](Spec &s) { s.scorer = Scorer::Dilated; },
      [](Spec &s) { s.scorer = Scorer::Dilated, s.dilation = 3; },
      [](Spec &s) { s.scorer = Scorer::Gla; },
      [](Spec &s) { s.scorer = Scorer::Dilated, s.op = OpKind::Gather, s.scale = 0.25; },
      [](Spec &s) { s.setScorer("sum(q * q), max(abs(k))"); },
  };
  for (auto change : changes) {
    Spec spec = threeLevels();
    change(spec);
    EXPECT_NE(spec.str(), threeLevels().str());
  }
}

TEST(Spec, WhatIsRefusedCanBePrinted) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  for (int64_t odd : {int64_t(0), int64_t(-1), most, -most})
    for (int64_t Spec::*field : {&Spec::seq_len, &Spec::num_levels, &Spec::pooling_factor, &Spec::topk}) {
      Spec spec = {
          .seq_len = 1 << 20, .head_dim = 16, .num_levels = 3, .pooling_factor = 64, .topk = 128, .varlen = true};
      spec.*field = odd;
      EXPECT_NE(spec.str().find("head_dim=16"), std::string::npos);
      EXPECT_THROW(spec.validate(), InvalidArgument) << odd;
    }
}

TEST(Spec, StrIsOneForSpecsThatShareCode) {
  Spec spec = threeLevels();
  spec.scale = 1 / std::sqrt(64.0);
  EXPECT_EQ(spec.str(), threeLevels().str()) << "the default scale, given";
  Spec scatter = threeLevels(), other = threeLevels();
  scatter.op = other.op = OpKind::Scatter;
  other.num_kv_heads = 8;
  other.scale = 3;
  other.scorer = Scorer::Dilated;
  EXPECT_EQ(scatter.str(), other.str()) << "scatter has no keys and no softmax";
  spec.dilation = 7;
  EXPECT_EQ(spec.str(), threeLevels().str()) << "norms know no dilation";
}

TEST(Spec, Scale) {
  Spec spec = {.head_dim = 80};
  EXPECT_DOUBLE_EQ(spec.effectiveScale(), 1 / std::sqrt(80.0));
  spec.scale = 0.3;
  EXPECT_EQ(spec.effectiveScale(), 0.3);
}

TEST(Spec, Names) {
  EXPECT_STREQ(name(DType::Float32), "float32");
  EXPECT_STREQ(name(DType::BFloat16), "bfloat16");
  EXPECT_STREQ(name(DType::Float16), "float16");
  EXPECT_STREQ(name(Scorer::Norm), "norm");
  EXPECT_STREQ(name(Scorer::Dilated), "dilated");
  EXPECT_STREQ(name(Scorer::Gla), "gla");
  EXPECT_STREQ(name(OpKind::Gather), "gather");
  EXPECT_EQ(sizeOf(DType::Float32), 4);
  EXPECT_EQ(sizeOf(DType::BFloat16), 2);
}

//===-- Scorers of the user's own ----------------------------------------===//

static Spec scoredBy(const std::string &text) {
  Spec spec = threeLevels();
  spec.setScorer(text);
  return spec;
}

struct BadScorer {
  const char *text, *message;
};

static const BadScorer kBadScorers[] = {
    {"norm(q)", "scorer: expects a comma and then the score as a key, but got the end of 'norm(q)'"},
    {"norm(q), norm(k), 1", "scorer: expects an end after two scores, but got ',' at character 17"},
    {"q, norm(k)", "scorer: expects the score as a query to be a number, but got a vector of head_dim elements in 'q, "
                   "norm(k)'; sum, mean, max, min or norm makes a number of it"},
    {"norm(q), k * 2", "scorer: expects the score as a key to be a number"},
    {"norm(v), norm(k)",
     "abs, exp, log, sqrt, square, maximum(x, y), minimum(x, y), sum, mean, max, min, norm, but got "
     "'v' at character 6 of 'norm(v), norm(k)'"},
    {"softmax(q), norm(k)", "but got 'softmax' at character 1"},
    {"sum(q[0]), norm(k)", "scorer: expects a closing parenthesis, but got '[' at character 6"},
    {"sum(norm(q)), norm(k)", "scorer: expects sum of a vector, but got a number in 'sum(norm(q)), norm(k)'"},
    {"sum q, norm(k)", "scorer: expects an opening parenthesis after sum, but got 'q' at character 5"},
    {"max(q, 1), norm(k)", "scorer: expects a closing parenthesis, but got ',' at character 6"},
    {"maximum(norm(q)), norm(k)", "scorer: expects a comma, as maximum takes two values, but got ')' at character 16"},
    {"norm(q) * 1e39, norm(k)", "scorer: expects a number that float32 holds, but got '1' at character 11"},
    {"norm(q) * , norm(k)", "scorer: expects one of q, k, numbers"},
    {"sum(q), \xc3\xa9", "but got the byte 0xc3 at character 9 of 'sum(q), \xc3\xa9'"},
    {"", "but got ''"},
    {"cosine", "scorer: expects one of 'norm', 'dilated', 'gla', or a token's two scores as expressions of its query q "
               "and key k such as 'sum(q * q), max(abs(k))', but got 'cosine'"},
};

TEST(Scorer, RefusalsSayWhatIsAllowed) {
  for (const BadScorer &bad : kBadScorers) {
    std::string message = "allowed";
    try {
      scoredBy(bad.text).validate();
    } catch (const InvalidArgument &error) {
      message = error.what();
    }
    EXPECT_NE(message.find(bad.message), std::string::npos) << bad.text << ": " << message;
  }
  EXPECT_NE(refusal(scoredBy(std::string(1000, ' ') + "norm(q), norm(k)" + std::string(1000, ' ')))
                .find("scorer: expects expressions of at most 2000 characters, but got 2016"),
            std::string::npos);
}

TEST(Scorer, SharedKeysAreScoredWithoutQueries) {
  Spec spec = scoredBy("sum(q * k), sum(q * k)");
  EXPECT_EQ(refusal(spec), "scorer: expects the score as a key to be of k only where query heads share keys "
                           "(num_heads=8, num_kv_heads=2), but got q in 'sum(q * k), sum(q * k)'");
  EXPECT_EQ(refusal(scoredBy("sum(q * k), sum(k * k)")), "allowed");
  spec.num_kv_heads = 8;
  EXPECT_EQ(refusal(spec), "allowed");
}

TEST(Scorer, ExpressionsGoWithTheirScorerOnly) {
  Spec spec = threeLevels();
  spec.expression = "norm(q), norm(k)";
  EXPECT_EQ(refusal(spec), "expression: expects none with scorer=norm, but got 'norm(q), norm(k)'");
  spec.setScorer("norm");
  EXPECT_EQ(refusal(spec), "allowed");
  EXPECT_EQ(spec, threeLevels());
}

TEST(Scorer, OneTextForTheSameExpression) {
  const std::pair<const char *, const char *> texts[] = {
      {"sum( q*q ),max((abs(k)))", "sum(q * q), max(abs(k))"},
      {"(sum(q)-(1.50-2))/+2, 1", nullptr}, // No sign +.
      {"(sum(q)-(1.50-2))/2,-1", "(sum(q) - (1.5 - 2)) / 2, -1"},
      {"sum(((q+k)+1)*2), -(-(3))", "sum((q + k + 1) * 2), 3"},
      {"sum(q+(k+1)), -max(k)", "sum(q + (k + 1)), -max(k)"},
      {"sum(q*(k/2)), -(max(k) + 1)", "sum(q * (k / 2)), -(max(k) + 1)"},
      {"mean(- -q), 1e2 * .25 * min(k)", "mean(--q), 100 * 0.25 * min(k)"},
      {"max(maximum(q,0)), min(minimum(exp(k),log(square(sqrt(k)))))",
       "max(maximum(q, 0)), min(minimum(exp(k), log(square(sqrt(k)))))"},
      {"norm(q), norm(k)", "norm"},
  };
  for (auto [given, expected] : texts) {
    Spec spec = scoredBy(given);
    if (!expected) {
      EXPECT_NE(refusal(spec), "allowed") << given;
      continue;
    }
    EXPECT_EQ(spec.scorerText(), expected);
    EXPECT_EQ(scoredBy(expected).scorerText(), expected);
    EXPECT_EQ(scoredBy(expected).str(), spec.str());
  }
  EXPECT_NE(scoredBy("sum(q), 1").str(), scoredBy("sum(q), 2").str());
  EXPECT_EQ(scoredBy("norm(q), norm(k)").str(), threeLevels().str());
}

TEST(Scorer, NothingIsScoredWithOneLevelOrByScatter) {
  Spec plain = {.seq_len = 3, .head_dim = 8}, scored = plain;
  scored.setScorer("sum(q), sum(k)");
  EXPECT_EQ(scored.str(), plain.str());
  Spec scatter = threeLevels(), other = scoredBy("sum(q), sum(k)");
  scatter.op = other.op = OpKind::Scatter;
  EXPECT_EQ(scatter.str(), other.str());
}

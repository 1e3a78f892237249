// SPDX-License-Identifier: Apache-2.0
//
// What an op tells the differentiation and fusion passes about itself.
#ifndef LIGHTHOUSE_INTERFACES_TD
#define LIGHTHOUSE_INTERFACES_TD

include "mlir/IR/OpBase.td"

def Lighthouse_Differentiable : OpInterface<"Differentiable"> {
  let cppNamespace = "::lighthouse";
  let description = [{
    An op that gives its own adjoint. `lighthouse-differentiate` needs nothing else of an op to train through it. An op
    without this interface passes no gradient on: `score` and `select`.
  }];
  let methods = [InterfaceMethod<[{
      Builds the adjoint at `builder` and returns one gradient an operand, null for an operand without one. `gradients` has one value
      a result, null where the result has no gradient; at least one is not null. The built ops may use the op's operands and results:
      the pass saves them for the backward function. Fails, with an error on the op, where a null gradient can't be dealt with.
    }],
    "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "buildAdjoint",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$gradients)>];
}

def Lighthouse_Fusible : OpInterface<"Fusible"> {
  let cppNamespace = "::lighthouse";
  let description = "A stage that `lighthouse-fuse-stages` puts into a kernel, what it knows about sharing one, and what it costs.";
  let methods = [
    InterfaceMethod<"The name of a kernel that begins with this stage.", "::llvm::StringRef", "getStageName", (ins), "", [{
      return $_op->getName().stripDialect();
    }]>,
    InterfaceMethod<"Whether this stage joins the kernel of `producer`, which makes one of its operands.", "bool", "joinsKernelOf",
                    (ins "::mlir::Operation *":$producer), "", "return false;">,
    InterfaceMethod<[{
      Additions and multiplications that the stage's definition asks for; a causal product counts the pairs that the mask leaves.
      Comparisons, exponentials, roots and moves are not counted, nor what a schedule computes twice.
    }], "double", "getFlops">];
}

#endif // LIGHTHOUSE_INTERFACES_TD
